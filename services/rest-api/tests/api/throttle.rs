//! Passwords can't be tried for ever.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::member::{Member, PASSWORD, post};
use crate::support::Api;

async fn attempt(api: &Api, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    post(api, "/v1/sign-in", &body).await
}

async fn attempt_behind(api: &Api, chain: &str, email: &str) -> Answer {
    let body = json!({ "email": email, "password": "wrong password" });
    let request = api.request(Method::POST, "/v1/sign-in").json(&body);
    Answer::of(request.header("x-forwarded-for", chain)).await
}

/// Checks that it says when to come again.
fn refused(answer: &Answer, longest: Duration) {
    answer.problem(429, "too-many-attempts");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=longest.as_secs()).contains(&wait), "{answer:?}");
}

#[tokio::test]
async fn after_ten_attempts_at_an_account_even_the_right_password_waits_whether_it_exists_or_not() {
    let api = Api::start().await;
    Member::sign_up(&api, "ada@example.org", None).await;
    for email in ["ada@example.org", "nobody@example.org"] {
        for _ in 0..10 {
            attempt(&api, email, "wrong password")
                .await
                .problem(401, "invalid-credentials");
        }
        refused(&attempt(&api, email, PASSWORD).await, Duration::from_secs(90));
    }
    refused(
        &attempt(&api, " ADA@Example.org", PASSWORD).await,
        Duration::from_secs(90),
    );
    Member::sign_up(&api, "eve@example.org", None).await;
    Member::sign_in(&api, "eve@example.org", None).await;
    api.close().await;
}

#[tokio::test]
async fn attempts_are_counted_without_redis_and_after_it_was_emptied() {
    let mut api = Api::start().await;
    let wrong = "wrong password";
    for _ in 0..5 {
        attempt(&api, "ada@example.org", wrong)
            .await
            .problem(401, "invalid-credentials");
    }
    api.servers.kill_redis().await;
    for _ in 0..5 {
        attempt(&api, "ada@example.org", wrong)
            .await
            .problem(401, "invalid-credentials");
    }
    refused(
        &attempt(&api, "ada@example.org", wrong).await,
        Duration::from_secs(90),
    );
    api.servers.start_redis().await;
    refused(
        &attempt(&api, "ada@example.org", wrong).await,
        Duration::from_secs(90),
    );
    api.close().await;
}

#[tokio::test]
async fn an_address_has_so_many_attempts_at_all_accounts_and_can_not_lie_about_itself() {
    let api = Api::start_with(&["--sign-ins-per-address=3", "--sign-ups-per-address=2"]).await;
    for number in 0..3 {
        let (chain, email) = (format!("192.0.2.{number}"), format!("a{number}@example.org"));
        attempt_behind(&api, &chain, &email)
            .await
            .problem(401, "invalid-credentials");
    }
    let forged = attempt_behind(&api, "192.0.2.77", "another@example.org").await;
    refused(&forged, Duration::from_secs(300));

    Member::sign_up(&api, "ada@example.org", None).await;
    let taken = json!({ "email": "ada@example.org", "password": PASSWORD });
    post(&api, "/v1/sign-up", &taken)
        .await
        .problem(409, "email-taken");
    refused(
        &post(&api, "/v1/sign-up", &taken).await,
        Duration::from_secs(1800),
    );
    api.close().await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_is_counted_by_its_own_address() {
    let api = Api::start_with(&["--sign-ins-per-address=2", "--trusted-proxies=127.0.0.0/8"]).await;
    for client in ["192.0.2.1", "192.0.2.2", "2001:db8:1:1::1"] {
        for number in 0..2 {
            let email = format!("{number}@example.org");
            // What the client wrote itself stands before what the proxy saw.
            let chain = format!("198.51.100.{number}, {client}");
            attempt_behind(&api, &chain, &email)
                .await
                .problem(401, "invalid-credentials");
        }
        let third = attempt_behind(&api, client, "2@example.org").await;
        refused(&third, Duration::from_secs(450));
    }
    let neighbour = attempt_behind(&api, "2001:db8:1:1:ffff::2", "3@example.org").await;
    refused(&neighbour, Duration::from_secs(450));
    api.close().await;
}

#[tokio::test]
async fn an_account_has_so_many_attempts_from_all_addresses_together() {
    let flags = ["--trusted-proxies=127.0.0.0/8", "--password-hashes=2"];
    let api = Api::start_with(&flags).await;
    let mut answers = Vec::new();
    for address in 0..11 {
        for _ in 0..10 {
            let chain = format!("192.0.2.{address}");
            answers.push(attempt_behind(&api, &chain, "ada@example.org").await.status);
        }
    }
    assert_eq!(answers[..100], [401; 100]);
    // While these were tried some of them were forgotten, one each 36 s.
    assert!(answers[100..].contains(&429), "{answers:?}");
    api.close().await;
}
