//! What an account's owner reads and changes about it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::member::{Member, PASSWORD, post, refresh};
use crate::support::Api;

async fn patch(member: &Member<'_>, body: &Value) -> Answer {
    Answer::of(member.request(Method::PATCH, "/v1/me").json(body)).await
}

fn home() -> Value {
    json!({
        "label": "Home",
        "name": "Ada Lovelace",
        "phone": "+43 1 234",
        "shipping_address": { "street": "Ring 1", "postcode": "1010", "city": "Wien", "country": "AT" },
    })
}

async fn add(member: &Member<'_>, key: &str, body: &Value) -> Answer {
    let request = member.request(Method::POST, "/v1/me/addresses");
    Answer::of(request.header("idempotency-key", key).json(body)).await
}

#[tokio::test]
async fn an_account_is_read_and_changed() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    let read = ada.get("/v1/me").await;
    assert_eq!(read.json(), ada.answer["account"]);
    assert_eq!(read.header("cache-control"), "private, no-store");
    let changed = patch(&ada, &json!({ "name": " Countess ", "locale": "de-AT" })).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let account = changed.json();
    assert_eq!(
        (&account["name"], &account["locale"], &account["email"]),
        (&json!("Countess"), &json!("de-AT"), &json!("ada@example.org"))
    );
    assert_eq!(ada.get("/v1/me").await.json(), account);
    for (body, error) in [
        (json!({ "role": "staff" }), "/role: unknown field"),
        (json!({ "locale": "x" }), "/locale: must be a language tag"),
        (json!({ "email": "x" }), "/email: must be an e-mail address"),
        (
            json!({ "email": "new@example.org" }),
            "/password: is not the account's password",
        ),
        (
            json!({ "email": "new@example.org", "password": "wrong password" }),
            "/password: is not the account's password",
        ),
    ] {
        let fields = patch(&ada, &body).await.fields();
        assert!(
            fields.len() == 1 && fields[0].starts_with(error),
            "{body}: {fields:?}"
        );
    }
    assert_eq!(ada.get("/v1/me").await.json(), account);
    api.close().await;
}

#[tokio::test]
async fn an_account_moves_to_another_address_that_nobody_has() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    Member::sign_up(&api, "eve@example.org", None).await;
    let to = |email: &str| json!({ "email": email, "password": PASSWORD });
    patch(&ada, &to("EVE@example.org"))
        .await
        .problem(409, "email-taken");
    let moved = patch(&ada, &to("Countess@example.org")).await;
    assert_eq!(moved.json()["email"], "Countess@example.org");
    assert_eq!(
        Member::sign_in(&api, "countess@example.org", None).await.id,
        ada.id
    );
    post(&api, "/v1/sign-in", &to("ada@example.org"))
        .await
        .problem(401, "invalid-credentials");
    Member::sign_up(&api, "ada@example.org", None).await;
    api.close().await;
}

#[tokio::test]
async fn another_password_needs_the_present_one_and_ends_all_other_sessions() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    let other = Member::sign_in(&api, "ada@example.org", None).await;
    let change = async |old: &str, new: &str| {
        let body = json!({ "old_password": old, "new_password": new });
        Answer::of(ada.request(Method::POST, "/v1/me/password").json(&body)).await
    };
    let wrong = change("wrong password", "another password").await;
    assert_eq!(wrong.fields(), ["/old_password: is not the account's password"]);
    let short = change(PASSWORD, "short").await;
    assert_eq!(short.fields(), ["/new_password: must have 10 to 200 characters"]);
    assert!(other.is_in().await);

    assert_eq!(change(PASSWORD, "another password").await.status, 204);
    assert!(ada.is_in().await && !other.is_in().await);
    refresh(&api, &other.refresh)
        .await
        .problem(401, "invalid-refresh-token");
    assert_eq!(refresh(&api, &ada.refresh).await.status, 200);
    let with = |password: &str| json!({ "email": "ada@example.org", "password": password });
    post(&api, "/v1/sign-in", &with(PASSWORD))
        .await
        .problem(401, "invalid-credentials");
    assert_eq!(
        post(&api, "/v1/sign-in", &with("another password")).await.status,
        200
    );
    api.close().await;
}

#[tokio::test]
async fn whoever_has_a_token_can_not_try_passwords_for_ever() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    let body = json!({ "email": "new@example.org", "password": "wrong password" });
    for _ in 0..10 {
        assert_eq!(patch(&ada, &body).await.fields().len(), 1);
    }
    patch(&ada, &body).await.problem(429, "too-many-attempts");
    api.close().await;
}

#[tokio::test]
async fn addresses_are_kept_changed_and_taken_out() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    let added = add(&ada, "home", &home()).await;
    assert_eq!(added.status, 201, "{added:?}");
    assert_eq!(added.header("idempotent-replayed"), "");
    let path = added.header("location");
    let mut expected = home();
    expected["id"] = path.rsplit('/').next().into();
    assert_eq!(added.json(), expected);
    assert_eq!(ada.get(&path).await.json(), expected);
    let again = add(&ada, "home", &home()).await;
    assert_eq!((again.status, again.header("location")), (201, path.clone()));
    assert_eq!(again.header("idempotent-replayed"), "true");

    let mut work = home();
    work["label"] = "Work".into();
    add(&ada, "home", &work)
        .await
        .problem(422, "idempotency-key-reused");
    let put = Answer::of(ada.request(Method::PUT, &path).json(&work)).await;
    assert_eq!(put.json()["label"], "Work");
    assert_eq!(add(&ada, "other", &home()).await.status, 201);
    let list = ada.get("/v1/me/addresses").await.json();
    let labels: Vec<_> = list["addresses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["label"])
        .collect();
    assert_eq!(labels, ["Work", "Home"]);

    let wrong = add(
        &ada,
        "wrong",
        &json!({ "shipping_address": { "country": "Austria" } }),
    )
    .await;
    assert_eq!(wrong.fields().len(), 5, "{wrong:?}");
    let none = Answer::of(ada.request(Method::POST, "/v1/me/addresses").json(&home())).await;
    none.problem(400, "idempotency-key-missing");

    assert_eq!(ada.delete(&path).await.status, 204);
    ada.get(&path).await.problem(404, "not-found");
    ada.delete(&path).await.problem(404, "not-found");
    api.close().await;
}

#[tokio::test]
async fn an_address_book_has_twenty_entries_and_one_reader() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    let eve = Member::sign_up(&api, "eve@example.org", None).await;
    let mut paths = Vec::new();
    for number in 0..20 {
        let added = add(&ada, &format!("k{number}"), &home()).await;
        assert_eq!(added.status, 201, "{added:?}");
        paths.push(added.header("location"));
    }
    add(&ada, "k20", &home()).await.problem(409, "too-many-addresses");
    assert_eq!(add(&ada, "k0", &home()).await.status, 201, "a retry is none more");
    eve.get(&paths[0]).await.problem(404, "not-found");
    eve.delete(&paths[0]).await.problem(404, "not-found");
    let put = Answer::of(eve.request(Method::PUT, &paths[0]).json(&home())).await;
    put.problem(404, "not-found");
    assert_eq!(
        eve.get("/v1/me/addresses").await.json(),
        json!({ "addresses": [] })
    );
    // The same key is another's own.
    assert_eq!(add(&eve, "k0", &home()).await.status, 201);
    assert_eq!(ada.delete(&paths[0]).await.status, 204);
    assert_eq!(add(&ada, "k20", &home()).await.status, 201);
    api.close().await;
}

#[tokio::test]
async fn a_guest_has_none_of_it() {
    let api = Api::start().await;
    let guest = crate::support::Guest::new(&api);
    for (method, path) in [
        (Method::GET, "/v1/me"),
        (Method::PATCH, "/v1/me"),
        (Method::POST, "/v1/me/password"),
        (Method::GET, "/v1/me/addresses"),
        (Method::POST, "/v1/me/addresses"),
        (Method::GET, "/v1/me/addresses/1"),
        (Method::PUT, "/v1/me/addresses/1"),
        (Method::DELETE, "/v1/me/addresses/1"),
    ] {
        let answer = Answer::of(guest.request(method.clone(), path)).await;
        answer.problem(403, "account-needed");
        Answer::of(api.request(method, path))
            .await
            .problem(401, "unauthorized");
    }
    api.close().await;
}
