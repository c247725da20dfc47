//! What caches are told of every answer.

use reqwest::{Method, Response};

use crate::operations::{Operation, Owner, operations};
use crate::support::Api;

/// What is the same for everyone, and for how long. Whatever else there is must not be kept.
const PUBLIC: [(&str, &str); 6] = [
    ("explainProblem", "public, max-age=300"),
    ("getContract", "public, no-cache"),
    ("getProduct", "public, max-age=10"),
    ("getPushKeys", "public, max-age=300"),
    ("getTokenKeys", "public, max-age=300"),
    ("listProducts", "public, max-age=10"),
];
/// What an app keeps for itself, and asks about each time by its tag.
const ASKED_ABOUT: (&str, &str) = ("getOrder", "private, no-cache");

/// All words of a header, in whatever lines they stand.
fn words(answer: &Response, name: &str) -> Vec<String> {
    let lines = answer.headers().get_all(name).iter();
    let words = lines.flat_map(|line| line.to_str().unwrap().split(','));
    words.map(|word| word.trim().to_ascii_lowercase()).collect()
}

fn line(answer: &Response, name: &str) -> String {
    let line = answer.headers().get(name);
    line.map_or("", |line| line.to_str().unwrap()).to_owned()
}

/// Checks what is said of a success.
fn right(operation: &Operation, answer: &Response) {
    let (id, told) = (&operation.id, line(answer, "cache-control"));
    let public = PUBLIC.iter().chain([&ASKED_ABOUT]).find(|(name, _)| name == id);
    match public {
        Some((_, expected)) => assert_eq!(told, *expected, "{id}"),
        None => assert!(
            words(answer, "cache-control").contains(&"no-store".into()),
            "{id}: {told}"
        ),
    }
    if told.starts_with("public") {
        let vary = words(answer, "vary");
        assert!(vary.contains(&"accept-encoding".into()), "{id}: {vary:?}");
        assert!(!vary.contains(&"authorization".into()), "{id}: {vary:?}");
    }
}

/// Checks what is said of a problem.
fn kept_by_nobody(operation: &Operation, answer: &Response, status: u16) {
    assert_eq!(answer.status(), status, "{}", operation.id);
    assert_eq!(
        line(answer, "cache-control"),
        "no-store",
        "{} {status}",
        operation.id
    );
    assert_eq!(line(answer, "content-type"), "application/problem+json");
}

#[tokio::test]
async fn every_answer_says_what_caches_may_do_with_it() {
    let flags = [
        "--sign-ups-per-address=1000",
        "--cors-origins=https://shop.example",
    ];
    let api = Api::start_with(&flags).await;
    let mut owner = Owner::sign_up(&api, "ada@example.org").await;
    for operation in operations() {
        let mut token = owner.member.access.clone();
        if ["endSession", "signOut"].contains(&operation.id.as_str()) {
            let of_session = owner.begin_session().await;
            token = if operation.id == "signOut" {
                of_session
            } else {
                token
            };
        }
        let body = owner.body(&operation);
        let request = || owner.request(&operation, body.as_ref());
        if !operation.is_open() {
            kept_by_nobody(&operation, &request().send().await.unwrap(), 401);
        }
        let nothing_fits = request().header("accept-encoding", "compress, *;q=0");
        kept_by_nobody(&operation, &nothing_fits.send().await.unwrap(), 406);
        let large = request().header("x-large", "x".repeat(16_384));
        kept_by_nobody(&operation, &large.send().await.unwrap(), 431);
        if let Some((kind, _)) = operation.content() {
            let broken = owner.request(&operation, None).bearer_auth(&token);
            let broken = broken.header("content-type", kind).body("{");
            kept_by_nobody(&operation, &broken.send().await.unwrap(), 400);
        }

        let signed = || match operation.is_open() {
            true => request(),
            false => request().bearer_auth(&token),
        };
        if operation.method == Method::GET {
            right(&operation, &signed().send().await.unwrap());
        }
        let answer = signed().header("accept-encoding", "gzip").send().await.unwrap();
        assert!(answer.status().is_success(), "{}: {answer:?}", operation.id);
        right(&operation, &answer);
        let coding = line(&answer, "content-encoding");
        if line(&answer, "content-type") == "text/event-stream" {
            assert!(["", "identity"].contains(&coding.as_str()), "{coding}");
        } else if answer.status() != 204 {
            assert_eq!(coding, "gzip", "{}", operation.id);
            assert!(
                words(&answer, "vary").contains(&"accept-encoding".into()),
                "{}",
                operation.id
            );
        }
        if operation.takes("If-None-Match") {
            let tag = line(&answer, "etag");
            let again = signed()
                .header("if-none-match", &tag)
                .header("accept-encoding", "gzip");
            let again = again.send().await.unwrap();
            assert_eq!((again.status().as_u16(), line(&again, "etag")), (304, tag));
            right(&operation, &again);
            assert_eq!(
                line(&again, "content-encoding"),
                "",
                "there is nothing to compress"
            );
        }
    }
    api.close().await;
}

#[tokio::test]
async fn what_no_operation_answers_says_so_too() {
    let api = Api::start_with(&["--cors-origins=https://shop.example"]).await;
    let ask = async |method: Method, path: &'static str| {
        let request = api.request(method, path).header("origin", "https://shop.example");
        let request = request.header("access-control-request-method", "PATCH");
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), line(&answer, "cache-control"))
    };
    for (method, path, status, told) in [
        (Method::GET, "/docs/", 200, "public, max-age=300"),
        (
            Method::GET,
            "/docs/swagger-ui-bundle.js",
            200,
            "public, max-age=300",
        ),
        (Method::GET, "/docs/nothing.js", 404, "no-store"),
        (Method::GET, "/nowhere", 404, "no-store"),
        (Method::DELETE, "/v1/orders", 405, "no-store"),
        (Method::OPTIONS, "/v1/me", 200, "no-store"),
        (Method::HEAD, "/v1/products", 200, "public, max-age=10"),
    ] {
        assert_eq!(ask(method, path).await, (status, told.to_owned()), "{path}");
    }
    let page = api.request(Method::GET, "/docs/swagger-ui-bundle.js");
    let page = page.header("accept-encoding", "br").send().await.unwrap();
    assert_eq!(line(&page, "content-encoding"), "br");
    assert!(words(&page, "vary").contains(&"accept-encoding".into()));
    api.close().await;
}
