//! What requests leave behind: an id, metrics, log lines. And what they must not.

use std::process::Stdio;

use devstack::testing::{TestServers, eventually};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::{Client, Method};
use serde_json::json;
use storage::Storage;

use crate::answer::Answer;
use crate::start::flags;
use crate::support::{Api, KEY, draft, messaging};

#[tokio::test]
async fn every_answer_names_its_request() {
    let api = Api::start().await;
    let with = async |id: &'static str| {
        let request = api.request(Method::GET, "/v1/nowhere").header("x-request-id", id);
        Answer::of(request).await.header("x-request-id")
    };
    assert_eq!(with("app-1:2.3_4").await, "app-1:2.3_4");
    for odd in ["", "a b", "\u{e4}", "<script>"] {
        let own = with(odd).await;
        assert!(own != odd && own.len() == 36, "{odd}: {own}");
    }
    let long = api
        .request(Method::GET, "/v1/nowhere")
        .header("x-request-id", "x".repeat(101));
    assert_eq!(Answer::of(long).await.header("x-request-id").len(), 36);
    assert_ne!(
        api.get("/").await.header("x-request-id"),
        api.get("/").await.header("x-request-id")
    );
    assert_eq!(api.get("/").await.header("x-content-type-options"), "nosniff");
    api.close().await;
}

#[tokio::test]
async fn neither_logs_nor_metrics_tell_of_persons_and_clients_make_no_labels() {
    let servers = TestServers::start().await;
    Box::pin(Storage::migrate(&servers.database_url.clone().into()))
        .await
        .unwrap();
    messaging::topology::apply(&messaging(&servers.nats_url).await)
        .await
        .unwrap();
    let (public, admin) = (free(), free());
    let mut flags = flags(KEY, &servers.database_url_of("rest-api"), &servers.nats_url);
    flags[0] = format!("--listen={public}");
    flags[1] = format!("--admin-listen={admin}");
    flags[3] = "--log=debug".into();
    let token_keys = flags
        .iter()
        .find_map(|flag| flag.strip_prefix("--token-keys-file="));
    let token_keys = token_keys.unwrap().to_owned();
    let program = std::process::Command::new(env!("CARGO_BIN_EXE_rest-api"))
        .args(flags)
        .env_clear()
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = Pid::from_raw(program.id().try_into().unwrap());
    let ended = tokio::task::spawn_blocking(move || program.wait_with_output().unwrap());
    let client = Client::new();
    eventually("the program to be ready", async || {
        let answer = client.get(format!("http://{admin}/readyz")).send().await.ok()?;
        (answer.status() == 200).then_some(())
    })
    .await;
    let url = |path: &str| format!("http://{public}{path}");
    let session = Answer::of(client.post(url("/v1/guest-sessions"))).await.json();
    let token = session["token"].as_str().unwrap().to_owned();
    for body in [draft(&[("honey-acacia", 1)]), draft(&[("honey-acacia", 0)])] {
        let order = client
            .post(url("/v1/orders"))
            .bearer_auth(&token)
            .header("idempotency-key", "canary-key");
        Answer::of(order.json(&body)).await;
    }
    let person =
        json!({ "email": "canary@example.org", "password": "canary password", "name": "Grace Hopper" });
    let account = Answer::of(client.post(url("/v1/sign-up")).json(&person))
        .await
        .json();
    let shown = |name: &str| account[name].as_str().unwrap().to_owned();
    let (access, refresh) = (shown("access_token"), shown("refresh_token"));
    for (path, body) in [
        ("/v1/sign-up", person.clone()),
        (
            "/v1/sign-in",
            json!({ "email": "canary@example.org", "password": "canary guess" }),
        ),
        ("/v1/token", json!({ "refresh_token": refresh })),
        ("/v1/token", json!({ "refresh_token": "canary refresh" })),
    ] {
        Answer::of(client.post(url(path)).json(&body)).await;
    }
    let address = json!({
        "label": "Canary label", "name": "Grace Hopper", "phone": "+43 1 2345678",
        "shipping_address": { "street": "Canary street", "postcode": "1020", "city": "Canary city", "country": "AT" },
    });
    let device = "/v1/installations/018f6f0c-3a63-7c1e-9b0a-2f6f3f0f6a11";
    let canary = "canary-registration-token";
    let phone = json!({ "app": "shop", "platform": "fcm", "channel": { "kind": "token", "value": canary } });
    let moved = json!({ "email": "canary-two@example.org", "password": "canary password" });
    let (post, put, patch) = (Method::POST, Method::PUT, Method::PATCH);
    for (method, path, body, status) in [
        (&post, "/v1/me/addresses", address, 201),
        (&put, device, phone, 201),
        (&patch, "/v1/me", moved, 200),
        (&post, "/v1/me/guests", json!({ "guest_token": token }), 204),
        (
            &post,
            "/v1/me/guests",
            json!({ "guest_token": "canary guest" }),
            422,
        ),
    ] {
        let request = client.request(method.clone(), url(path)).bearer_auth(&access);
        let answer = Answer::of(request.header("idempotency-key", "canary-key").json(&body)).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
    std::fs::write(&token_keys, "canary key").unwrap();
    eventually("the broken file of keys to be counted", async || {
        let metrics = Answer::of(client.get(format!("http://{admin}/metrics"))).await;
        metrics.text.contains("token_keys_broken_total 1").then_some(())
    })
    .await;
    let own = client.get(url("/v1/me")).bearer_auth(&access);
    assert_eq!(Answer::of(own).await.status, 200, "the keys stay as they were");
    let brew = client.request(
        Method::from_bytes(b"BREW").unwrap(),
        url("/v1/canary-path?canary-query"),
    );
    Answer::of(brew).await.problem(404, "not-found");
    let metrics = Answer::of(client.get(format!("http://{admin}/metrics")))
        .await
        .text;
    kill(pid, Signal::SIGTERM).unwrap();
    let ended = ended.await.unwrap();
    assert!(ended.status.success(), "SIGTERM ends it in order");
    let log = String::from_utf8(ended.stderr).unwrap();
    assert!(log.contains("order accepted") && !log.contains('\u{1b}'), "{log}");
    assert!(
        metrics.contains("route=\"/v1/orders\"") && metrics.contains("method=\"other\""),
        "{metrics}"
    );
    for word in [
        "Lovelace",
        "ada@",
        "Ring 1",
        token.as_str(),
        "canary-key",
        "canary-path",
        "canary-query",
        "BREW",
        "canary@",
        "canary password",
        "canary guess",
        "canary refresh",
        "canary key",
        "canary-two@",
        "canary-registration",
        "canary guest",
        "Canary label",
        "Canary street",
        "Canary city",
        "2345678",
        "Hopper",
        access.as_str(),
        refresh.as_str(),
        KEY,
    ] {
        assert!(!log.contains(word), "{word} in the log: {log}");
        assert!(!metrics.contains(word), "{word} in the metrics: {metrics}");
    }
}

fn free() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}
