//! What a guest ordered and registered, in the account of someone who was signed in already, and by whom does not matter.

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::issuer::Issuer;
use crate::issuers::{believing, with};
use crate::member::Member;
use crate::support::{Api, Guest};

async fn add(account: &Guest<'_>, token: &str) -> Answer {
    let request = account.request(Method::POST, "/v1/me/guests");
    Answer::of(request.json(&json!({ "guest_token": token }))).await
}

async fn register(guest: &Guest<'_>, value: &str) -> String {
    let path = format!("/v1/installations/{}", chassis::clock::random_id());
    let phone = json!({ "app": "shop", "platform": "fcm", "channel": { "kind": "fid", "value": value } });
    let put = Answer::of(guest.request(Method::PUT, &path).json(&phone)).await;
    assert_eq!(put.status, 201, "{}", put.text);
    path
}

async fn listed(of: &Guest<'_>) -> Vec<String> {
    let list = of.get("/v1/installations").await.json();
    let ids = list["installations"].as_array().unwrap().iter();
    let paths = ids.map(|device| format!("/v1/installations/{}", device["id"].as_str().unwrap()));
    paths.collect()
}

async fn orders(of: &Guest<'_>) -> usize {
    let list = of.get("/v1/orders").await.json();
    list["orders"].as_array().map(Vec::len).unwrap()
}

#[tokio::test]
async fn who_signs_in_elsewhere_takes_along_what_he_ordered_as_a_guest() {
    let issuer = Issuer::start().await;
    let key = issuer.add_key("one");
    let api = believing(&issuer).await;
    let (ada, eve) = (
        with(&api, &key.sign(&issuer.claims("ada"))),
        with(&api, &key.sign(&issuer.claims("eve"))),
    );
    let guest = Guest::new(&api);
    let order = guest.order("honey-acacia", 1).await;
    ada.get(&order).await.problem(404, "not-found");
    for _ in 0..2 {
        let added = add(&ada, &guest.token).await;
        assert_eq!(
            (added.status, added.text.as_str()),
            (204, ""),
            "again is no other"
        );
    }
    assert_eq!(ada.get(&order).await.status, 200);
    let next_token = with(&api, &key.sign(&issuer.claims("ada")));
    assert_eq!(orders(&next_token).await, 1);
    add(&eve, &guest.token).await.problem(409, "guest-not-added");
    eve.get(&order).await.problem(404, "not-found");
    assert_eq!(
        guest.get(&order).await.status,
        200,
        "the guest's token is what it was"
    );
    api.close().await;
}

#[tokio::test]
async fn only_who_shows_a_guests_token_adds_the_guest() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await.shopper();
    let guest = Guest::new(&api);
    for wrong in ["", "wbg_nonsense", &guest.id.to_string(), &ada.token] {
        let refused = add(&ada, wrong).await.fields();
        assert_eq!(refused, ["/guest_token: is none of ours"], "{wrong}");
    }
    let nothing = Answer::of(ada.request(Method::POST, "/v1/me/guests").json(&json!({}))).await;
    assert_eq!(nothing.fields().len(), 1);
    add(&guest, &guest.token).await.problem(403, "account-needed");
    assert_eq!(orders(&ada).await, 0);
    api.close().await;
}

#[tokio::test]
async fn an_account_has_fifty_guests() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await.shopper();
    for _ in 0..50 {
        assert_eq!(add(&ada, &Guest::new(&api).token).await.status, 204);
    }
    let refused = add(&ada, &Guest::new(&api).token).await;
    refused.problem(409, "guest-not-added");
    api.close().await;
}

#[tokio::test]
async fn an_account_sees_and_forgets_the_devices_of_its_guests_and_they_see_none_of_its_own() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await.shopper();
    let (guest, stranger) = (Guest::new(&api), Guest::new(&api));
    let (of_guest, of_account) = (
        register(&guest, "the-guests-phone").await,
        register(&ada, "the-accounts-phone").await,
    );
    register(&stranger, "a-strangers-phone").await;
    assert_eq!(listed(&ada).await, std::slice::from_ref(&of_account));
    assert_eq!(add(&ada, &guest.token).await.status, 204);
    let mut both = vec![of_account.clone(), of_guest.clone()];
    both.sort();
    assert_eq!(listed(&ada).await, both);
    assert_eq!(listed(&guest).await, std::slice::from_ref(&of_guest));
    let remove = async |who: &Guest<'_>, path: &str| Answer::of(who.request(Method::DELETE, path)).await;
    guest.get(&of_account).await.problem(404, "not-found");
    remove(&guest, &of_account).await.problem(404, "not-found");
    assert_eq!(
        ada.get(&of_guest).await.json()["channel"]["value"],
        "the-guests-phone"
    );
    assert_eq!(remove(&ada, &of_guest).await.status, 204);
    assert_eq!(listed(&guest).await, Vec::<String>::new());
    assert_eq!(listed(&ada).await, [of_account]);
    assert_ne!(listed(&stranger).await.len(), 0);
    assert_eq!(
        ada.get("/v1/me").await.json()["email"],
        Value::from("ada@example.org")
    );
    api.close().await;
}
