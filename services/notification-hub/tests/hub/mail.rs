//! Mails: who gets them, and what stands in them.

use chassis::clock;
use devstack::testing::eventually;
use domain::{Customer, OrderState};
use identity::{NewsStops, OrderSecrets};
use jiff::SignedDuration;
use notification_hub::mail::mailbox;
use notification_hub::news::{News, NewsOf};
use notification_hub::notification::{What, delivery_id};
use notification_hub::planned::Planned;
use push_sandbox::Platform;
use serde_json::json;
use storage::{DeliveryState, Preferences, Ways};

use crate::mailing::ADA;
use crate::providers::KEY;
use crate::shop::{Shop, customer, event, later};

#[tokio::test]
async fn an_orders_contact_gets_a_mail_with_the_link_that_opens_the_order() {
    let shop = Shop::open().await;
    let hub = shop.hub(&shop.providers.mail_flags());
    let confirmed = event(customer(), OrderState::Confirmed, 2);
    shop.store(&confirmed, ADA);
    shop.publish(&confirmed).await;
    shop.mail_becomes(&confirmed, DeliveryState::Sent).await;
    let [mail] = shop.mails().try_into().unwrap();
    assert_eq!(mail.to, [ADA]);
    assert_eq!(mail.sender, "Waybill <orders@waybill.example>");
    let number = confirmed.order.to_string()[..8].to_uppercase();
    assert_eq!(mail.subject, format!("Your order is confirmed · {number}"));
    assert!(mail.text.contains("your order for €12.50 ready"), "{}", mail.text);
    let [link] = mail.links().try_into().unwrap();
    let start = format!("https://shop.example/orders/{}?secret=", confirmed.order);
    let secret = link.strip_prefix(&start).unwrap();
    let secrets = OrderSecrets::new(KEY.parse().unwrap());
    secrets.open(confirmed.order, secret).unwrap();
    let html = mail.html.as_ref().unwrap();
    assert!(
        html.contains(&format!("href=\"{link}\"")) && html.contains("lang=\"en\""),
        "{html}"
    );

    let header = |name: &str| mail.headers.get(name).map(String::as_str);
    assert_eq!(header("Auto-Submitted"), Some("auto-generated"));
    assert_eq!(
        header("List-Unsubscribe"),
        None,
        "about one's own order there is nothing to stop"
    );
    let mailbox = mailbox(&What::Order(confirmed.clone()), confirmed.customer);
    let id = delivery_id(confirmed.id(), mailbox.id);
    assert_eq!(mail.message_id, format!("{id}@waybill.example"));
    assert_eq!(shop.providers.sandbox.mail_refusals().len(), 0);
    hub.stop().await;
}

#[tokio::test]
async fn a_mail_waits_for_its_order_to_be_stored_and_a_later_version_takes_its_place() {
    let shop = Shop::open().await;
    let hub = shop.hub(&shop.providers.mail_flags());
    let owner = shop.sign_up("de-AT").await;
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;
    shop.mail_becomes(&confirmed, DeliveryState::Queued).await;
    let shipped = later(&confirmed, OrderState::Shipped);
    shop.publish(&shipped).await;
    shop.mail_becomes(&confirmed, DeliveryState::Superseded).await;
    assert!(shop.mails().is_empty());
    shop.store(&shipped, "else@example.org");
    shop.mail_becomes(&shipped, DeliveryState::Sent).await;
    shop.emptied().await;
    let [mail] = shop.mails().try_into().unwrap();
    assert_eq!(
        mail.to,
        ["else@example.org"],
        "the order's contact, not the account"
    );
    assert!(
        mail.subject.starts_with("Ihre Bestellung ist unterwegs · "),
        "{}",
        mail.subject
    );
    assert!(
        mail.text.contains("über 12,50 €") && mail.text.contains("Bestellung ansehen"),
        "{}",
        mail.text
    );
    hub.stop().await;
}

#[tokio::test]
async fn nobody_is_mailed_who_was_erased_and_nothing_that_the_next_mail_says_too() {
    let shop = Shop::open().await;
    let hub = shop.hub(&shop.providers.mail_flags());
    let submitted = event(customer(), OrderState::Submitted, 1);
    shop.store(&submitted, ADA);
    shop.publish(&submitted).await;
    let owner = shop.sign_up("en").await;
    let Customer::Account(account) = owner else {
        panic!("an account")
    };
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.store(&confirmed, ADA);
    shop.storage
        .erase_account(account, None, None, clock::now())
        .await
        .unwrap();
    shop.publish(&confirmed).await;
    shop.mail_becomes(&confirmed, DeliveryState::Gone).await;
    shop.emptied().await;
    assert_eq!(shop.mail_state(&submitted).await, None);
    assert!(shop.mails().is_empty());
    hub.stop().await;
}

#[tokio::test]
async fn what_a_customer_has_chosen_is_honoured_by_way_and_language() {
    let shop = Shop::open().await;
    let flags = shop.providers.all_flags();
    let hub = shop.hub(&flags);
    let (by_mail, by_push) = (customer(), customer());
    let ways = |push, email| Ways { push, email };
    for (owner, orders, locale) in [
        (by_mail, ways(false, true), Some("de")),
        (by_push, ways(true, false), None),
    ] {
        let chosen = Preferences {
            orders,
            locale: locale.map(str::to_owned),
            ..Preferences::default()
        };
        let put = shop.storage.put_preferences(owner, &chosen, clock::now()).await;
        assert!(put.unwrap());
    }
    let silent = shop.register(by_mail, Platform::Apns, "en").await;
    let told = shop.register(by_push, Platform::Apns, "en").await;
    let (mailed, pushed) = (
        event(by_mail, OrderState::Confirmed, 2),
        event(by_push, OrderState::Confirmed, 2),
    );
    for event in [&mailed, &pushed] {
        shop.store(event, ADA);
        shop.publish(event).await;
    }
    shop.mail_becomes(&mailed, DeliveryState::Sent).await;
    shop.becomes(&pushed, &told, DeliveryState::Sent).await;
    shop.emptied().await;
    assert_eq!(shop.state(&mailed, &silent).await, None);
    assert_eq!(shop.mail_state(&pushed).await, None);
    let [mail] = shop.mails().try_into().unwrap();
    assert!(
        mail.subject.starts_with("Ihre Bestellung ist bestätigt · "),
        "{}",
        mail.subject
    );
    hub.stop().await;
}

#[tokio::test]
async fn what_is_too_late_for_a_push_is_still_mailed() {
    let shop = Shop::open().await;
    let flags = shop.providers.all_flags();
    let owner = customer();
    let phone = shop.register(owner, Platform::Apns, "en").await;
    let mut confirmed = event(owner, OrderState::Confirmed, 2);
    confirmed.at = clock::now() - SignedDuration::from_hours(3);
    let mut old = event(owner, OrderState::Confirmed, 2);
    old.at = clock::now() - SignedDuration::from_hours(25);
    let hub = shop.hub(&flags);
    for event in [&confirmed, &old] {
        shop.store(event, ADA);
        shop.publish(event).await;
    }
    shop.mail_becomes(&confirmed, DeliveryState::Sent).await;
    shop.emptied().await;
    assert_eq!(shop.state(&confirmed, &phone).await, None);
    assert_eq!(shop.mail_state(&old).await, None);
    assert_eq!(shop.mails().len(), 1);
    hub.stop().await;
}

#[tokio::test]
async fn product_news_go_to_those_who_asked_and_bring_the_link_that_stops_them() {
    let shop = Shop::open().await;
    let owner = shop.sign_up("en").await;
    let news = What::News(News {
        about: NewsOf::Campaign(clock::random_id()),
        event: "campaign".into(),
        event_id: "spring".into(),
        at: clock::now(),
        expires_at: None,
        customer: Some(owner),
        collapse_key: "spring".into(),
        properties: json!({ "title": "Spring tea", "body": "It is here." })
            .as_object()
            .unwrap()
            .clone(),
        urgent: false,
        silent: false,
    });
    let queue = shop.queue();
    let cause =
        messaging::events::order_event_message(&event(owner, OrderState::Confirmed, 2), "test").envelope;
    let planned = || vec![Planned::new(news.clone(), &mailbox(&news, owner), &cause)];
    let queued = queue.queue(planned(), clock::now()).await.unwrap();
    assert_eq!(queued, 0, "nobody gets news by mail who has not asked for them");
    let chosen = Preferences {
        news: Ways {
            push: false,
            email: true,
        },
        ..Preferences::default()
    };
    shop.storage
        .put_preferences(owner, &chosen, clock::now())
        .await
        .unwrap();
    assert_eq!(queue.queue(planned(), clock::now()).await.unwrap(), 1);
    let hub = shop.hub(&shop.providers.mail_flags());
    let mail = eventually("the mail", async || shop.mails().pop()).await;
    assert_eq!(
        (mail.subject.as_str(), mail.to.as_slice()),
        ("Spring tea", [ADA.to_owned()].as_slice())
    );
    // RFC 8058, section 3.1.
    assert_eq!(
        mail.headers["List-Unsubscribe-Post"],
        "List-Unsubscribe=One-Click"
    );
    let link = mail.headers["List-Unsubscribe"].trim_matches(['<', '>']);
    assert_eq!(mail.links(), [link]);
    let token = link
        .strip_prefix("https://shop.example/news/stop?token=")
        .unwrap();
    let stops = NewsStops::new(KEY.parse().unwrap());
    assert_eq!(stops.read(token), Ok(owner));
    hub.stop().await;
}
