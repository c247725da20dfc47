//! Dead letters.

use bytes::Bytes;
use chassis::clock;
use devstack::testing::eventually;
use domain::Actor;
use messaging::{Envelope, Message};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::shop::Shop;

/// A command on `assam` that no processor reads.
async fn poison(shop: &Shop, id: &str) {
    let envelope = Envelope {
        id: id.into(),
        kind: "catalog.stock.v1".into(),
        source: "test".into(),
        time: clock::now(),
        actor: Actor::Staff("eve".into()),
        correlation_id: None,
        traceparent: None,
        expires_at: None,
    };
    let body = Bytes::from_static(b"{\"secret\": \"canary\"");
    let message = Message {
        subject: "catalog.stock.assam".into(),
        envelope,
        body,
    };
    shop.messaging().await.publish(&message).await.unwrap();
}

async fn numbers(shop: &Shop, count: usize) -> Vec<String> {
    eventually("the dead letters", async || {
        let list = shop.json(&["dead-letters", "list"]).await;
        let numbers = list
            .as_array()
            .unwrap()
            .iter()
            .map(|letter| letter["sequence"].to_string());
        Some(numbers.collect::<Vec<_>>()).filter(|numbers| numbers.len() == count)
    })
    .await
}

#[tokio::test]
async fn letters_are_listed_without_and_shown_with_their_bodies() {
    let shop = Shop::open().await;
    assert_eq!(shop.good(&["dead-letters", "list"]).await, "no dead letters\n");
    poison(&shop, "a").await;
    let number = numbers(&shop, 1).await.remove(0);
    let list = shop.good(&["dead-letters", "list"]).await;
    assert!(
        list.contains("undecodable") && list.contains("catalog.stock.assam"),
        "{list}"
    );
    assert!(!list.contains("canary"), "{list}");
    let shown = shop.good(&["dead-letters", "show", &number]).await;
    assert!(shown.contains("canary") && shown.contains("staff:eve"), "{shown}");
    let shown: Value = shop.json(&["dead-letters", "show", &number]).await;
    assert_eq!(shown["body"], "{\"secret\": \"canary\"");
}

#[tokio::test]
async fn letters_are_replayed_and_discarded_by_number_or_reason() {
    let shop = Shop::open().await;
    for id in ["a", "b", "c"] {
        poison(&shop, id).await;
    }
    let first = numbers(&shop, 3).await.remove(0);
    // The cause is not mended: it comes back as a new letter.
    assert_eq!(
        shop.good(&["dead-letters", "replay", &first]).await,
        "1 dead letter replayed\n"
    );
    assert!(!numbers(&shop, 3).await.contains(&first));
    assert!(
        shop.bad(&["dead-letters", "discard", &first])
            .await
            .contains("there is no dead letter")
    );

    let discard = ["dead-letters", "discard"];
    let with = |more: &[&'static str]| [&discard, more].concat();
    let none = shop.good(&with(&["--all", "--reason", "expired"])).await;
    assert_eq!(none, "0 dead letters discarded\n");
    let asked = shop.bad(&with(&["--reason", "undecodable"])).await;
    assert!(
        asked.contains("discard 3 dead letters") && asked.contains("--yes"),
        "{asked}"
    );
    numbers(&shop, 3).await;
    let all = shop
        .json(&with(&["--all", "--reason", "undecodable", "--yes"]))
        .await;
    assert_eq!(all["discarded"].as_array().unwrap().len(), 3);
    assert_eq!(shop.good(&["dead-letters", "list"]).await, "no dead letters\n");
    for wrong in [&[][..], &["7", "--all"]] {
        assert!(shop.bad(&with(wrong)).await.contains("say which letters"));
    }
}

#[tokio::test]
async fn letters_are_listed_in_pages_and_by_filters() {
    let shop = Shop::open().await;
    for id in ["a", "b", "c"] {
        poison(&shop, id).await;
    }
    let all = numbers(&shop, 3).await;
    let list = async |more: &[&str]| {
        let list = shop.json(&[&["dead-letters", "list"], more].concat()).await;
        let letters = list.as_array().unwrap().iter();
        letters
            .map(|letter| letter["sequence"].to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(list(&["--limit", "2"]).await, all[..2]);
    let said = shop.good(&["dead-letters", "list", "--limit", "2"]).await;
    assert!(
        said.ends_with(&format!("there are more: --from {}\n", all[2])),
        "{said}"
    );
    assert_eq!(list(&["--from", &all[2]]).await, all[2..]);
    for (fitting, other) in [
        (["--stream", "CATALOG"], ["--stream", "ORDERS"]),
        (["--consumer", "catalog"], ["--consumer", "order-processor-p00"]),
        (["--reason", "undecodable"], ["--reason", "expired"]),
        (["--since", "1h"], ["--until", "1h"]),
        (
            ["--until", "2100-01-01T00:00:00Z"],
            ["--since", "2100-01-01T00:00:00Z"],
        ),
        (
            ["--limit", "3"],
            ["--order", "0199c2f0-0000-8000-8000-000000000000"],
        ),
    ] {
        assert_eq!(list(&fitting).await, all, "{fitting:?}");
        assert_eq!(list(&other).await, [""; 0], "{other:?}");
    }
}

#[tokio::test]
async fn a_letter_is_shown_with_its_earlier_deaths() {
    let shop = Shop::open().await;
    poison(&shop, "a").await;
    let first = numbers(&shop, 1).await.remove(0);
    shop.good(&["dead-letters", "replay", &first]).await;
    let (second, shown) = eventually("the first death", async || {
        let second = numbers(&shop, 1).await.remove(0);
        let shown = shop.json(&["dead-letters", "show", &second]).await;
        (second != first && shown["history"][0].is_object()).then_some((second, shown))
    })
    .await;
    assert_eq!(shown["replay_of"].to_string(), first);
    let [death] = shown["history"].as_array().unwrap().as_slice() else {
        panic!("{shown}")
    };
    assert_eq!(
        (death["sequence"].to_string(), &death["reason"]),
        (first.clone(), &"undecodable".into())
    );
    let became = format!("replayed at {}", shown["replayed_at"].as_str().unwrap());
    assert_eq!(death["became"], became.as_str());
    let table = shop.good(&["dead-letters", "show", &second]).await;
    assert!(
        table.contains("IT DIED BEFORE") && table.contains(&became),
        "{table}"
    );
}

#[tokio::test]
async fn many_letters_are_replayed_no_faster_than_wanted_and_an_interrupt_breaks_it_off() {
    let shop = Shop::open().await;
    for id in 0..30 {
        poison(&shop, &id.to_string()).await;
    }
    let before = numbers(&shop, 30).await;
    let replay = [
        "dead-letters",
        "replay",
        "--reason",
        "undecodable",
        "--rate",
        "10",
    ];
    let broken_off = shop.command(&replay).spawn().unwrap();
    // What is replayed dies again under a new number.
    let left = async || {
        let list = shop.json(&["dead-letters", "list"]).await;
        let letters = list
            .as_array()
            .unwrap()
            .iter()
            .map(|letter| letter["sequence"].to_string());
        letters.filter(|number| before.contains(number)).count()
    };
    eventually("the first of them", async || (left().await < 28).then_some(())).await;
    let id = i32::try_from(broken_off.id().unwrap()).unwrap();
    kill(Pid::from_raw(id), Signal::SIGINT).unwrap();
    let said = broken_off.wait_with_output().await.unwrap();
    let (out, error) = (
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr),
    );
    assert!(
        !said.status.success() && error.contains("broken off; run it again for the rest"),
        "{error}"
    );
    assert!(out.contains("dead letters replayed"), "{out}");
    let there = eventually("what is replayed to be dead again", async || {
        let list = shop.json(&["dead-letters", "list"]).await;
        let there = list.as_array().unwrap().len();
        (there >= 30).then_some(there)
    })
    .await;
    let rest = left().await;
    assert!((1..28).contains(&rest), "{rest}");

    let begun = std::time::Instant::now();
    let again = shop.run(&[&replay[..], &["--output", "json"]].concat()).await;
    assert!(again.ok, "{again:?}");
    assert!(begun.elapsed().as_secs_f64() >= 2.8, "{:?}", begun.elapsed());
    let replayed: Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(replayed["replayed"].as_array().unwrap().len(), there);
    let word = format!("of {there} replayed, now at letter");
    assert!(again.error.contains(&word), "{again:?}");
    let after = numbers(&shop, 30).await;
    assert!(after.iter().all(|number| !before.contains(number)));
}
