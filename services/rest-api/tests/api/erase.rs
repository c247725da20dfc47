//! Erasing an account.

use devstack::testing::{eventually, folder};
use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::issuer::Issuer;
use crate::member::{Member, PASSWORD, post, refresh};
use crate::scheduled::{HOUR, after, later};
use crate::support::{Api, Guest, draft};

async fn erase(member: &Member<'_>, key: &str, body: &Value) -> Answer {
    let request = member.request(Method::DELETE, "/v1/me");
    Answer::of(request.header("idempotency-key", key).json(body)).await
}

fn with_password() -> Value {
    json!({ "password": PASSWORD })
}

#[tokio::test]
async fn an_erased_account_is_gone_with_its_tokens_and_its_address_is_free() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    let other = Member::sign_in(&api, "ada@example.org", None).await;
    for (body, field) in [
        (json!({}), "/password: is not the account's password"),
        (
            json!({ "password": "wrong password" }),
            "/password: is not the account's password",
        ),
    ] {
        assert_eq!(erase(&ada, "wrong", &body).await.fields(), [field]);
    }
    let keyless = ada.request(Method::DELETE, "/v1/me").json(&with_password());
    Answer::of(keyless).await.problem(400, "idempotency-key-missing");
    assert!(ada.is_in().await && other.is_in().await);

    let erased = erase(&ada, "erase", &with_password()).await;
    assert_eq!((erased.status, erased.text.as_str()), (204, ""), "{erased:?}");
    assert_eq!(erased.header("idempotent-replayed"), "");
    assert!(!ada.is_in().await && !other.is_in().await);
    for token in [&ada.refresh, &other.refresh] {
        refresh(&api, token).await.problem(401, "invalid-refresh-token");
    }
    let credentials = json!({ "email": "ada@example.org", "password": PASSWORD });
    post(&api, "/v1/sign-in", &credentials)
        .await
        .problem(401, "invalid-credentials");
    let again = Member::sign_up(&api, "ada@example.org", None).await;
    assert_ne!(again.id, ada.id);
    api.close().await;
}

#[tokio::test]
async fn a_retry_is_answered_alike_though_its_token_died_and_nobody_else_is() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    assert_eq!(erase(&ada, "erase", &with_password()).await.status, 204);
    let again = erase(&ada, "erase", &with_password()).await;
    assert_eq!(
        (again.status, again.header("idempotent-replayed").as_str()),
        (204, "true"),
        "{again:?}"
    );
    erase(&ada, "another", &with_password())
        .await
        .problem(401, "unauthorized");
    let nobody = api
        .request(Method::DELETE, "/v1/me")
        .header("idempotency-key", "erase");
    Answer::of(nobody.json(&with_password()))
        .await
        .problem(401, "unauthorized");
    let guest = Guest::new(&api);
    let guests = guest
        .request(Method::DELETE, "/v1/me")
        .header("idempotency-key", "erase");
    Answer::of(guests.json(&with_password()))
        .await
        .problem(403, "account-needed");
    api.close().await;
}

#[tokio::test]
async fn an_accounts_and_its_guests_orders_lose_their_personal_data_and_later_ones_never_have_any() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let first = guest.order("honey-acacia", 1).await;
    guest.order_in(&first, "confirmed").await;
    let ada = Member::sign_up(&api, "ada@example.org", Some(&guest)).await;
    let own = ada.shopper().order("honey-acacia", 1).await;
    ada.shopper().order_in(&own, "confirmed").await;
    let cancellation = format!("{first}/cancellation");
    let wish = ada.shopper().request(Method::POST, &cancellation);
    let wish = Answer::of(wish.header("idempotency-key", "c").header("if-match", "*")).await;
    assert_eq!(wish.status, 202, "{}", wish.text);
    guest.order_in(&first, "cancelled").await;
    let body = later(&after(HOUR), &[("honey-acacia", 1)]);
    let scheduled = guest.post("/v1/scheduled-orders", "later", &body).await;
    assert_eq!(scheduled.status, 201, "{}", scheduled.text);
    let scheduled = scheduled.header("location");
    let device = format!("/v1/installations/{}", chassis::clock::random_id());
    let phone =
        json!({ "app": "org.example.shop", "platform": "apns", "channel": { "token": "0a".repeat(32) } });
    let put = async || Answer::of(guest.request(Method::PUT, &device).json(&phone)).await;
    assert_eq!(put().await.status, 201);
    let wish = async || {
        guest
            .post("/v1/wishes", "w", &json!({ "topic": "catalog.added" }))
            .await
    };
    let wanted = wish().await.header("location");
    assert_eq!(ada.get(&wanted).await.status, 200, "it came along");

    assert_eq!(erase(&ada, "erase", &with_password()).await.status, 204);
    // Whoever has a guest's token sees the order still, and nothing personal.
    let order = eventually("the order to be erased", async || {
        let order = guest.get(&first).await.json();
        (!order["erased_at"].is_null()).then_some(order)
    })
    .await;
    let text = order.to_string();
    assert!(
        !text.contains("Ada") && !text.contains("example.org") && !text.contains("Ring"),
        "{text}"
    );
    assert_eq!(
        (&order["state"], &order["version"]),
        (&json!("cancelled"), &json!(4))
    );
    let entry = &order["history"][3];
    assert_eq!(
        (&entry["erased"], &entry["by"], &entry["state"]),
        (&json!(true), &json!("system"), &json!("cancelled"))
    );
    assert!(order["history"][2].get("erased").is_none());
    eventually("the scheduled order to be taken back", async || {
        (guest.get(&scheduled).await.status == 404).then_some(())
    })
    .await;
    guest.get(&device).await.problem(404, "not-found");
    put().await.problem(401, "unauthorized");
    guest.get(&wanted).await.problem(404, "not-found");
    wish().await.problem(401, "unauthorized");
    let none = json!({ "push": false, "email": false });
    let chosen = json!({ "orders": none, "wishes": none, "news": none });
    let chosen = guest.request(Method::PUT, "/v1/me/preferences").json(&chosen);
    Answer::of(chosen).await.problem(401, "unauthorized");

    let late = guest.send("late", &draft(&[("honey-acacia", 1)])).await;
    assert_eq!(late.status, 202, "{}", late.text);
    let late = guest.order_in(&late.header("location"), "rejected").await;
    assert_eq!(late["reason"]["code"], "erased");
    assert!(!late.to_string().contains("Ada"), "{late}");
    api.close().await;
}

#[tokio::test]
async fn someone_who_signs_in_elsewhere_needs_no_password_and_is_a_new_account_then() {
    let issuer = Issuer::start().await;
    let key = issuer.add_key("one");
    let file = folder().unwrap().keep().join("issuers.json");
    std::fs::write(&file, issuer.config().to_string()).unwrap();
    let api = Api::start_with(&[&format!("--issuers-file={}", file.display())]).await;
    let ada = Guest {
        token: key.sign(&issuer.claims("ada")),
        ..Guest::new(&api)
    };
    let account = ada.get("/v1/me").await.json();
    let request = ada
        .request(Method::DELETE, "/v1/me")
        .header("idempotency-key", "erase");
    let erased = Answer::of(request.json(&json!({}))).await;
    assert_eq!(erased.status, 204, "{}", erased.text);
    let fresh = ada.get("/v1/me").await.json();
    assert_ne!(fresh["id"], account["id"]);
    api.close().await;
}
