//! Signing up and in.

use std::time::{Duration, Instant};

use devstack::servers::postgres::psql;
use domain::Access;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::member::{Member, PASSWORD, post};
use crate::support::Api;

#[tokio::test]
async fn who_signs_up_orders_as_an_account_and_signs_in_again() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, " Ada@Example.ORG ", None).await;
    let account = &ada.answer["account"];
    assert_eq!(account["email"], "Ada@example.org");
    assert_eq!(account["name"], "Ada Lovelace");
    assert_eq!(account["role"], "customer");
    assert_eq!(ada.answer["token_type"], "Bearer");
    assert_eq!(ada.answer["expires_in"], 600);
    assert_eq!(ada.answer.get("guest_added"), None);
    assert!(!ada.answer.to_string().contains(PASSWORD));

    let path = ada.shopper().order("honey-acacia", 1).await;
    assert_eq!(ada.get(&path).await.status, 200);
    let again = Member::sign_in(&api, "ADA@example.org", None).await;
    assert_eq!(again.id, ada.id);
    assert_ne!(again.refresh, ada.refresh);
    assert_eq!(again.get(&path).await.status, 200);
    let list = again.get("/v1/orders").await.json();
    assert_eq!(list["orders"].as_array().unwrap().len(), 1);
    api.close().await;
}

#[tokio::test]
async fn an_order_of_an_account_says_so() {
    let api = Api::start_whole().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    let path = ada.shopper().order("honey-acacia", 1).await;
    ada.shopper().order_in(&path, "confirmed").await;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let order = api.storage.order(Access::Staff, id).await.unwrap().unwrap();
    assert_eq!(order.customer.to_string(), format!("account:{}", ada.id));
    api.close().await;
}

#[tokio::test]
async fn neither_passwords_nor_refresh_tokens_are_stored() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    let ask = |statement: &str| psql(&api.servers.database_url, statement).unwrap();
    let stored = ask("SELECT password FROM accounts");
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    let tokens = ask("SELECT hash FROM refresh_tokens");
    assert_eq!(tokens.len(), "\\x".len() + 64, "{tokens}");
    assert!(!tokens.contains(&ada.refresh));
    api.close().await;
}

#[tokio::test]
async fn an_address_has_one_account_whatever_its_case() {
    let api = Api::start().await;
    Member::sign_up(&api, "ada@example.org", None).await;
    for same in ["ada@example.org", "ADA@EXAMPLE.ORG", " Ada@example.org"] {
        let body = json!({ "email": same, "password": "another password" });
        post(&api, "/v1/sign-up", &body).await.problem(409, "email-taken");
    }
    Member::sign_in(&api, "ada@example.org", None).await;
    let both = json!({ "email": "twin@example.org", "password": PASSWORD });
    let (one, other) = tokio::join!(post(&api, "/v1/sign-up", &both), post(&api, "/v1/sign-up", &both));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    api.close().await;
}

#[tokio::test]
async fn each_field_of_a_sign_up_that_is_wrong_is_named() {
    let api = Api::start().await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "email": "ada@example.org", "password": PASSWORD });
        body[field] = value;
        body
    };
    for (body, error) in [
        (with("email", json!("ada")), "/email: must be an e-mail address"),
        (
            with("email", json!("ada\u{0}@example.org")),
            "/email: must be an e-mail address",
        ),
        (
            with("password", json!("too short")),
            "/password: must have 10 to 200 characters",
        ),
        (
            with("password", json!("x".repeat(201))),
            "/password: must have 10 to 200 characters",
        ),
        (with("password", json!(7)), "/password: invalid type"),
        (with("name", json!("x".repeat(201))), "/name: must have at most"),
        (with("locale", json!("en_US")), "/locale: must be a language tag"),
        (
            with("guest_token", json!("wbg_forged")),
            "/guest_token: is none of ours",
        ),
        (with("role", json!("staff")), "/role: unknown field"),
        (with("id", json!("x")), "/id: unknown field"),
    ] {
        let fields = post(&api, "/v1/sign-up", &body).await.fields();
        assert!(
            fields.len() == 1 && fields[0].starts_with(error),
            "{body}: {fields:?}"
        );
    }
    let all = post(
        &api,
        "/v1/sign-up",
        &json!({ "email": "", "password": "", "locale": "" }),
    )
    .await;
    assert_eq!(all.fields().len(), 3);
    api.close().await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_answered_alike_and_take_as_long() {
    let api = Api::start().await;
    Member::sign_up(&api, "ada@example.org", None).await;
    let attempt = async |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        let began = Instant::now();
        let answer = post(&api, "/v1/sign-in", &body).await;
        (answer, began.elapsed())
    };
    let parts = |answer: &Answer| {
        let names = answer.headers.keys().map(|name| name.as_str().to_owned());
        let mut body = answer.json();
        // Each request has an id of its own.
        body["request_id"].take();
        (answer.status, body, names.collect::<Vec<_>>())
    };
    let (mut known, mut unknown) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..6 {
        let (wrong, took) = attempt("ada@example.org", "wrong password").await;
        wrong.problem(401, "invalid-credentials");
        known += took;
        let (nobody, took) = attempt("eve@example.org", "wrong password").await;
        unknown += took;
        assert_eq!(parts(&wrong), parts(&nobody));
    }
    // The machine is shared with other tests: only an answer without any hashing would be outside of this.
    assert!(
        unknown * 4 > known && known * 4 > unknown,
        "known {known:?}, unknown {unknown:?}"
    );
    for odd in ["", "nobody", "a\u{0}@example.org", "x@y"] {
        let (answer, _) = attempt(odd, PASSWORD).await;
        answer.problem(401, "invalid-credentials");
    }
    let long = "x".repeat(60_000);
    attempt("ada@example.org", &long)
        .await
        .0
        .problem(401, "invalid-credentials");
    api.close().await;
}
