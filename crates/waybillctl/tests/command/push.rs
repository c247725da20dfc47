//! Campaigns from the command line.

use chassis::clock;
use domain::{Customer, GuestId, InstallationId};
use serde_json::json;
use storage::{Channel, Installation, Platform};
use uuid::Uuid;

use crate::shop::Shop;

const TEXT: [&str; 4] = ["--title", "Tea week", "--body", "Everything green"];

async fn device(shop: &Shop, number: u128, platform: Platform, tags: &[&str]) -> InstallationId {
    let channel = match platform {
        Platform::Fcm => Channel::Fcm {
            kind: "token".into(),
            value: format!("token-{number}"),
        },
        _ => Channel::Apns {
            token: format!("{number:064x}"),
        },
    };
    let installation = Installation {
        id: InstallationId(Uuid::from_u128(number)),
        app: "shop.waybill.demo".into(),
        customer: Customer::Guest(GuestId(Uuid::from_u128(number))),
        platform,
        environment: "production".into(),
        channel,
        locale: "en".into(),
        tags: tags.iter().map(ToString::to_string).collect(),
        expires_at: None,
        updated_at: clock::now(),
    };
    shop.storage()
        .await
        .put_installation(&installation)
        .await
        .unwrap();
    installation.id
}

fn send<'a>(to: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["push", "send", "--to", to][..], &TEXT, more].concat()
}

#[tokio::test]
async fn a_dry_run_counts_by_platform_and_sends_nothing() {
    let shop = Shop::unattended().await;
    for number in 1..=3 {
        device(&shop, number, Platform::Apns, &["tea"]).await;
    }
    device(&shop, 4, Platform::Fcm, &["tea"]).await;
    device(&shop, 5, Platform::Fcm, &["coffee"]).await;
    let counted = shop.json(&send("tea && !coffee", &["--dry-run"])).await;
    assert_eq!(
        counted,
        json!({ "devices": 4, "platforms": { "apns": 3, "fcm": 1 } })
    );
    assert_eq!(
        shop.good(&send("nobody", &["--dry-run"])).await,
        "no device fits\n"
    );
    assert_eq!(shop.good(&["push", "campaigns"]).await, "no campaigns\n");
    let stored = devstack::testing::stored(&shop.servers.nats_url, "NOTIFICATIONS").await;
    assert_eq!(stored, 0);
}

#[tokio::test]
async fn a_campaign_is_made_listed_shown_and_called_off() {
    let shop = Shop::unattended().await;
    device(&shop, 1, Platform::Apns, &["tea"]).await;
    let made = shop
        .json(&send("tea", &["--rate", "200/s", "--data", r#"{"sku":"assam"}"#]))
        .await;
    let id = made["id"].as_str().unwrap();
    assert_eq!(id.parse::<Uuid>().unwrap().get_version_num(), 7);
    assert_eq!(made["devices"], 1);
    let stored = devstack::testing::stored(&shop.servers.nats_url, "NOTIFICATIONS").await;
    assert_eq!(stored, 1);

    let list = shop.good(&["push", "campaigns"]).await;
    assert!(list.contains(id) && list.contains("scheduled"), "{list}");
    let shown = shop.json(&["push", "show", id]).await;
    assert_eq!(
        (&shown["expression"], &shown["rate"], &shown["state"]),
        (&json!("tea"), &json!(200), &json!("scheduled"))
    );
    let text = shop.good(&["push", "show", id]).await;
    assert!(
        text.contains("Tea week") && text.contains("no pushes yet"),
        "{text}"
    );

    let said = shop.good(&["push", "cancel", id]).await;
    assert!(said.contains("is cancelled"), "{said}");
    let said = shop.bad(&["push", "cancel", id]).await;
    assert!(said.contains("is cancelled already"), "{said}");
    let unknown = Uuid::nil().to_string();
    for command in ["show", "cancel"] {
        let said = shop.bad(&["push", command, &unknown]).await;
        assert!(said.contains("there is no campaign"), "{said}");
    }
}

#[tokio::test]
async fn a_campaign_for_later_is_scheduled_and_taken_back() {
    let shop = Shop::unattended().await;
    let schedules = async || devstack::testing::stored(&shop.servers.nats_url, "SCHEDULES").await;
    let at = (clock::now() + jiff::SignedDuration::from_hours(1)).to_string();
    let made = shop.json(&send("*", &["--at", &at, "--ttl", "30m"])).await;
    assert_eq!(made["send_at"], at.as_str());
    assert_eq!(schedules().await, 1);
    assert_eq!(shop.good(&["orders", "scheduled"]).await, "no scheduled orders\n");
    shop.good(&["push", "cancel", made["id"].as_str().unwrap()]).await;
    assert_eq!(schedules().await, 0);
}

#[tokio::test]
async fn what_can_not_be_sent_is_refused_in_one_line() {
    let shop = Shop::unattended().await;
    for (args, word) in [
        (send("tea &&", &[]), "--to: column"),
        (send("(tea", &[]), "--to: column"),
        (send("tea", &["--at", "tomorrow"]), "--at tomorrow is no time"),
        (send("tea", &["--at", "2020-01-01T00:00:00Z"]), "has passed"),
        (send("tea", &["--at", "2999-01-01T00:00:00Z"]), "more than a year"),
        (send("tea", &["--rate", "fast"]), "--rate fast is no rate"),
        (send("tea", &["--rate", "0/s"]), "is no rate"),
        (send("tea", &["--ttl", "1s"]), "--ttl must be"),
        (send("tea", &["--ttl", "673h"]), "--ttl must be"),
        (send("tea", &["--data", "[]"]), "--data is no JSON object"),
        (send("tea", &["--texts", "/nowhere.json"]), "can't be read"),
    ] {
        let said = shop.bad(&args).await;
        assert!(said.contains(word), "{args:?}: {said}");
    }
    let said = shop
        .bad(&[
            "push",
            "test",
            "--device",
            &Uuid::nil().to_string(),
            "--title",
            "T",
            "--body",
            "B",
        ])
        .await;
    assert!(said.contains("there is no active device"), "{said}");
    assert_eq!(shop.good(&["push", "campaigns"]).await, "no campaigns\n");
}

#[tokio::test]
async fn a_test_goes_to_one_device_or_some_of_those_that_fit() {
    let shop = Shop::unattended().await;
    for number in 1..=30 {
        let tag = if number % 2 == 0 { "even" } else { "odd" };
        device(&shop, number, Platform::Apns, &[tag]).await;
    }
    let run = async |whom: &[&str]| {
        let line = [&["push", "test"][..], whom, &TEXT].concat();
        shop.json(&line).await
    };
    let one = Uuid::from_u128(7).to_string();
    assert_eq!(run(&["--device", &one]).await["devices"], json!([one]));
    let ten = run(&["--random", "--to", "even"]).await;
    let ids: std::collections::BTreeSet<_> = ten["devices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap().parse::<Uuid>().unwrap())
        .collect();
    assert_eq!(ids.len(), 10);
    assert!(ids.iter().all(|id| id.as_u128() % 2 == 0), "{ids:?}");
    let all = run(&["--random", "100", "--to", "odd"]).await;
    assert_eq!(all["devices"].as_array().unwrap().len(), 15);
}

#[tokio::test]
async fn the_status_names_every_platform_and_who_refuses_us() {
    let shop = Shop::unattended().await;
    let storage = shop.storage().await;
    storage
        .note_push_platform(Platform::Apns, Some("InvalidProviderToken"), false, clock::now())
        .await
        .unwrap();
    storage
        .note_push_platform(Platform::Fcm, None, true, clock::now())
        .await
        .unwrap();
    let json = shop.json(&["push", "status"]).await;
    let of = |platform: &str| {
        let rows = json.as_array().unwrap();
        rows.iter().find(|row| row["platform"] == platform).unwrap()
    };
    assert_eq!(json.as_array().unwrap().len(), 5);
    assert_eq!(of("apns")["why"], "InvalidProviderToken");
    assert!(of("apns")["barred_since"].is_string());
    assert!(of("fcm")["removals_stopped"].is_string());
    assert_eq!(
        (&of("wns")["on"], &of("wns")["waiting"]),
        (&json!(false), &json!(0))
    );
    let text = shop.good(&["push", "status"]).await;
    assert!(
        text.contains("apns refuses us since") && text.contains("no device is removed since"),
        "{text}"
    );
}
