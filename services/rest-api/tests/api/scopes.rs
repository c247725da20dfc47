//! A guest's orders in the account that he made of himself, and nowhere else.

use devstack::testing::eventually;
use domain::Access;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::member::Member;
use crate::stream::Stream;
use crate::support::{Api, Guest, draft};

fn later(body: &Value) -> Value {
    let at: Timestamp = chassis::clock::now() + SignedDuration::from_hours(24);
    let mut body = body.clone();
    body["place_at"] = at.to_string().into();
    body
}

fn ids(list: &Value, name: &str) -> Vec<String> {
    let entries = list[name].as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn after_signing_up_the_account_does_everything_with_the_guests_orders() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let order = guest.order("honey-acacia", 1).await;
    guest.order_in(&order, "confirmed").await;
    let body = later(&draft(&[("honey-acacia", 1)]));
    let scheduled = guest.post("/v1/scheduled-orders", "later", &body).await;
    assert_eq!(scheduled.status, 201, "{}", scheduled.text);
    let scheduled = scheduled.header("location");

    let ada = Member::sign_up(&api, "ada@example.org", Some(&guest)).await;
    assert_eq!(ada.answer["guest_added"], true);
    let own = ada.shopper().order("honey-acacia", 2).await;
    ada.shopper().order_in(&own, "confirmed").await;
    let list = ada.get("/v1/orders").await.json();
    let newest_first = [&own, &order].map(|path| path.rsplit('/').next().unwrap().to_owned());
    assert_eq!(ids(&list, "orders"), newest_first);
    let page = ada.get("/v1/orders?limit=1").await.json();
    assert_eq!(ids(&page, "orders"), newest_first[..1]);
    let cursor = page["next"].as_str().unwrap();
    let rest = ada
        .get(&format!("/v1/orders?limit=1&cursor={cursor}"))
        .await
        .json();
    assert_eq!(ids(&rest, "orders"), newest_first[1..]);

    assert_eq!(ada.get(&order).await.status, 200);
    let request = ada.request(Method::GET, &format!("{order}/events"));
    let mut stream = Stream::of(request.send().await.unwrap());
    assert_eq!(stream.next().await.unwrap().id, "2");
    let wish = ada.shopper().cancel(&order, "c").await;
    assert_eq!(wish.status, 202, "{}", wish.text);
    ada.shopper().order_in(&order, "cancelled").await;

    let waiting = ada.get("/v1/scheduled-orders").await.json();
    assert_eq!(ids(&waiting, "scheduled_orders").len(), 1);
    assert_eq!(ada.get(&scheduled).await.status, 200);
    let other = later(&draft(&[("honey-acacia", 3)]));
    let changed = Answer::of(ada.change(&scheduled).json(&other)).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(changed.json()["lines"][0]["quantity"], 3);
    assert_eq!(ada.delete(&scheduled).await.status, 204);
    ada.get(&scheduled).await.problem(404, "not-found");

    // Nothing was rewritten, and the guest's token is what it was.
    let id = newest_first[1].parse().unwrap();
    let stored = api.storage.order(Access::Staff, id).await.unwrap().unwrap();
    assert_eq!(stored.customer, guest.customer());
    assert_eq!(guest.get(&order).await.status, 200);
    guest.get(&own).await.problem(404, "not-found");
    api.close().await;
}

#[tokio::test]
async fn another_account_gets_404_everywhere() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let of_guest = guest.order("honey-acacia", 1).await;
    let ada = Member::sign_up(&api, "ada@example.org", Some(&guest)).await;
    let of_account = ada.shopper().order("honey-acacia", 1).await;
    let body = later(&draft(&[("honey-acacia", 1)]));
    let scheduled = ada.shopper().post("/v1/scheduled-orders", "k", &body).await;
    let scheduled = scheduled.header("location");
    let own_scope = Guest::new(&api);
    let eve = Member::sign_up(&api, "eve@example.org", Some(&own_scope)).await;
    for path in [&of_guest, &of_account] {
        ada.shopper().order_in(path, "confirmed").await;
        eve.get(path).await.problem(404, "not-found");
        eve.get(&format!("{path}/events")).await.problem(404, "not-found");
        let wish = eve.shopper().cancel(path, "c").await;
        wish.problem(404, "not-found");
    }
    eve.get(&scheduled).await.problem(404, "not-found");
    let put = Answer::of(eve.change(&scheduled).json(&body)).await;
    put.problem(404, "not-found");
    eve.delete(&scheduled).await.problem(404, "not-found");
    let lists = eve.get("/v1/orders").await.json();
    assert_eq!(ids(&lists, "orders").len(), 0);
    let lists = eve.get("/v1/scheduled-orders").await.json();
    assert_eq!(ids(&lists, "scheduled_orders").len(), 0);
    let session = ada.get("/v1/me/sessions").await.json()["sessions"][0]["id"].clone();
    let path = format!("/v1/me/sessions/{}", session.as_str().unwrap());
    eve.delete(&path).await.problem(404, "not-found");
    assert!(ada.is_in().await);
    assert_eq!(ada.get(&of_guest).await.status, 200);
    api.close().await;
}

#[tokio::test]
async fn a_guest_belongs_to_one_account_only() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let order = guest.order("honey-acacia", 1).await;
    let ada = Member::sign_up(&api, "ada@example.org", Some(&guest)).await;
    let eve = Member::sign_up(&api, "eve@example.org", Some(&guest)).await;
    assert_eq!(
        (&ada.answer["guest_added"], &eve.answer["guest_added"]),
        (&json!(true), &json!(false))
    );
    let again = Member::sign_in(&api, "eve@example.org", Some(&guest)).await;
    assert_eq!(again.answer["guest_added"], false);
    for member in [&eve, &again] {
        member.get(&order).await.problem(404, "not-found");
    }
    let again = Member::sign_in(&api, "ada@example.org", Some(&guest)).await;
    assert_eq!(again.answer["guest_added"], true);
    assert_eq!(ada.get(&order).await.status, 200);
    api.close().await;
}

#[tokio::test]
async fn what_one_session_adds_the_others_see_with_redis_and_without() {
    let mut api = Api::start().await;
    {
        let first = Member::sign_up(&api, "ada@example.org", None).await;
        let guest = Guest::new(&api);
        let order = guest.order("honey-acacia", 1).await;
        first.get(&order).await.problem(404, "not-found");
        let second = Member::sign_in(&api, "ada@example.org", Some(&guest)).await;
        assert_eq!(second.get(&order).await.status, 200);
        eventually("the first session to see the order", async || {
            (first.get(&order).await.status == 200).then_some(())
        })
        .await;
    }
    api.servers.kill_redis().await;
    let guest = Guest::new(&api);
    let order = guest.order("honey-acacia", 1).await;
    let third = Member::sign_in(&api, "ada@example.org", Some(&guest)).await;
    assert_eq!(third.get(&order).await.status, 200);
    assert_eq!(ids(&third.get("/v1/orders").await.json(), "orders").len(), 2);
    api.close().await;
}

#[tokio::test]
async fn without_postgres_an_account_still_orders() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let ada = Member::sign_up(&api, "ada@example.org", Some(&guest)).await;
    let before = ada.shopper().order("honey-acacia", 1).await;
    api.postgres.set(devstack::proxy::Mode::Refuse);
    let after = ada.shopper().order("honey-acacia", 1).await;
    for path in [before, after] {
        assert_eq!(ada.get(&path).await.status, 200, "what was just accepted is read");
    }
    let body = json!({ "email": "ada@example.org", "password": "whatever it is" });
    crate::member::post(&api, "/v1/sign-in", &body)
        .await
        .problem(503, "unavailable");
    api.postgres.set(devstack::proxy::Mode::Pass);
    api.close().await;
}
