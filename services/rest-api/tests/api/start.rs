//! What the program says of itself and when it can't start, and what stands at the problems' addresses.

use std::process::Output;
use std::time::{Duration, Instant};

use devstack::testing::{TestServers, token_keys_file};
use reqwest::Method;
use storage::Storage;

use crate::answer::Answer;
use crate::support::{Api, KEY};

async fn run(flags: Vec<String>) -> Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_rest-api"));
    command.args(flags).env_clear().env("RUST_BACKTRACE", "1");
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

pub(crate) fn flags(key: &str, database: &str, nats: &str) -> Vec<String> {
    [
        "--listen=127.0.0.1:0",
        "--admin-listen=127.0.0.1:0",
        "--connect-timeout=2s",
        "--log=off",
        "--redis-url=redis://127.0.0.1:1",
        &format!("--secret-key={key}"),
        &format!("--token-keys-file={}", token_keys_file().display()),
        &format!("--database-url={database}"),
        &format!("--nats-url={nats}"),
    ]
    .map(str::to_owned)
    .to_vec()
}

#[tokio::test]
async fn a_server_out_of_reach_at_start_is_named_in_one_line() {
    let servers = TestServers::start().await;
    let nowhere = "127.0.0.1:1";
    let unmigrated = servers.database_url.clone();
    let cases = [
        (
            flags(KEY, &unmigrated, &format!("nats://user:hush@{nowhere}")),
            vec!["NATS", nowhere],
        ),
        (
            flags(
                KEY,
                &format!("postgres://user:hush@{nowhere}/shop"),
                &servers.nats_url,
            ),
            vec!["Postgres", nowhere],
        ),
        (flags(KEY, &unmigrated, &servers.nats_url), vec!["migrat"]),
        (flags("hush", &unmigrated, &servers.nats_url), vec!["secret key"]),
    ];
    for (flags, words) in cases {
        let began = Instant::now();
        let ended = run(flags).await;
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(
            said.starts_with("error: ") && said.trim_end().lines().count() == 1,
            "{said}"
        );
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
        assert!(!said.contains("hush"), "{said}");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn without_a_secret_of_its_own_it_does_not_start() {
    let nowhere = flags(KEY, "postgres://127.0.0.1:1/x", "nats://127.0.0.1:1");
    let without = |name: &str| {
        let others = nowhere.iter().filter(|flag| !flag.starts_with(name));
        others.cloned().collect::<Vec<_>>()
    };
    for name in ["--secret-key", "--token-keys-file"] {
        let ended = run(without(name)).await;
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(!ended.status.success() && said.contains(name), "{name}: {said}");
        assert!(
            !said.contains("Postgres"),
            "before it looks for its servers: {said}"
        );
    }
    // What stands in examples is no secret.
    for example in ["0".repeat(64), "f".repeat(64), "secret".to_owned(), String::new()] {
        let mut flags = without("--secret-key");
        flags.push(format!("--secret-key={example}"));
        let ended = run(flags).await;
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains("secret key can't be used"), "{said}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut flags = flags(KEY, "postgres://127.0.0.1:1/x", "nats://127.0.0.1:1");
    flags[0] = format!("--listen={address}");
    let ended = run(flags).await;
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        said.starts_with(&format!(
            "error: can't listen on {address}; choose another address with --listen"
        )),
        "{said}"
    );
}

#[tokio::test]
async fn the_help_is_complete() {
    let help = String::from_utf8(run(vec!["--help".into()]).await.stdout).unwrap();
    assert!(help.starts_with("The REST API for apps"), "{help}");
    for word in [
        "--listen",
        "--http-workers",
        "--body-timeout",
        "--events-heartbeat",
        "--secret-key-file",
        "--token-keys-file",
        "--trusted-proxies",
        "--database-url",
        "--nats-url",
        "--redis-url",
        "--admin-listen",
        "--connect-timeout",
        "--drain-timeout",
        "--log",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
    let short = run(vec!["--version".into()]).await;
    assert_eq!(
        String::from_utf8(short.stdout).unwrap(),
        format!("rest-api {}\n", env!("CARGO_PKG_VERSION"))
    );
    let nothing = run(Vec::new()).await;
    assert_eq!(nothing.status.code(), Some(2));
}

#[tokio::test]
async fn without_redis_and_before_anyone_listens_there_it_starts_all_the_same() {
    let mut servers = TestServers::start().await;
    Box::pin(Storage::migrate(&servers.database_url.clone().into()))
        .await
        .unwrap();
    servers.kill_redis().await;
    let mut flags = flags(KEY, &servers.database_url_of("rest-api"), &servers.nats_url);
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    flags[1] = format!("--admin-listen={port}");
    let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_rest-api"))
        .args(flags)
        .env_clear()
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    devstack::testing::eventually("the program to be ready", async || {
        let answer = reqwest::get(format!("http://{port}/readyz")).await.ok()?;
        (answer.status() == 200).then_some(())
    })
    .await;
    program.kill().await.unwrap();
}

#[tokio::test]
async fn the_address_of_a_problem_explains_it() {
    let api = Api::start().await;
    for name in [
        "malformed-json",
        "invalid-input",
        "idempotency-key-missing",
        "idempotency-key-invalid",
        "idempotency-key-reused",
        "unauthorized",
        "not-found",
        "place-at-past",
        "place-at-too-far",
        "too-many-schedules",
        "already-placed",
        "precondition-failed",
        "method-not-allowed",
        "not-acceptable",
        "unsupported-media-type",
        "body-too-large",
        "body-too-slow",
        "queue-full",
        "unavailable",
    ] {
        let page = api.get(&format!("/problems/{name}")).await;
        assert_eq!(
            (page.status, page.header("content-type").as_str()),
            (200, "text/plain; charset=utf-8")
        );
        assert!(
            page.text.lines().count() == 3 && page.text.contains('('),
            "{}",
            page.text
        );
    }
    let nothing_fits = api
        .request(Method::GET, "/v1/products")
        .header("accept-encoding", "compress, *;q=0");
    Answer::of(nothing_fits).await.problem(406, "not-acceptable");
    api.close().await;
}
