//! Schema and streams.

use devstack::testing::eventually;
use serde_json::Value;

use crate::processor;
use crate::shop::Shop;

#[tokio::test]
async fn migrating_and_applying_twice_changes_nothing() {
    let shop = Shop::bare().await;
    assert!(shop.good(&["migrate"]).await.starts_with("applied 0001 orders"));
    assert_eq!(shop.good(&["migrate"]).await, "the schema is up to date\n");
    assert!(shop.good(&["topology", "apply"]).await.contains("created"));
    let again = shop.json(&["topology", "apply"]).await;
    assert!(
        again
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["change"] == "unchanged"),
        "{again}"
    );
    let plan = shop.json(&["topology", "show"]).await;
    assert_eq!(plan["streams"].as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn a_schema_that_is_not_there_names_the_command_that_makes_it() {
    let shop = Shop::bare().await;
    assert!(
        shop.bad(&["orders", "list"])
            .await
            .contains("run `waybillctl migrate`")
    );
}

#[tokio::test]
async fn a_server_that_is_away_is_named_with_the_cause() {
    let shop = Shop::bare().await;
    let nowhere = [
        "queues",
        "--nats-url",
        "nats://127.0.0.1:1",
        "--connect-timeout",
        "300ms",
    ];
    let said = shop.bad(&nowhere).await;
    assert!(
        said.contains("gave up on NATS") && said.contains("127.0.0.1:1"),
        "{said}"
    );
    let nowhere = [
        "migrate",
        "--database-url",
        "postgres://x@127.0.0.1:1/x",
        "--connect-timeout",
        "300ms",
    ];
    let said = shop.bad(&nowhere).await;
    assert!(
        said.contains("gave up on Postgres") && said.contains("refused"),
        "{said}"
    );
}

#[tokio::test]
async fn queues_count_what_waits() {
    let shop = Shop::unattended().await;
    let add = [
        "products",
        "add",
        "assam",
        "--name",
        "Assam",
        "--category",
        "tea",
        "--price",
        "2.50",
        "--no-wait",
    ];
    assert!(shop.good(&add).await.starts_with("sent;"));
    let pending = |queues: &Value, stream: &str, consumer: &str| {
        let all = queues.as_array().unwrap();
        let queue = all
            .iter()
            .find(|queue| queue["stream"] == stream && queue["consumer"] == consumer);
        queue.unwrap()["pending"].clone()
    };
    let queues = eventually("one that waits", async || {
        let queues = shop.json(&["queues"]).await;
        (pending(&queues, "CATALOG", "catalog") == 1).then_some(queues)
    })
    .await;
    assert_eq!(pending(&queues, "ORDERS", "order-processor-p00"), 0);
}

#[tokio::test]
async fn a_partition_that_no_replica_reads_is_an_error() {
    let shop = Shop::unattended().await;
    shop.good(&["queues"]).await;
    let some = (0..6)
        .map(|number| format!("order-processor-p{number:02}"))
        .collect();
    processor::read(&shop.messaging().await, &shop.storage().await, "ORDERS", some);
    let said = eventually("the error", async || {
        Some(shop.run(&["queues"]).await).filter(|said| !said.ok)
    })
    .await;
    assert!(said.out.contains("order-processor-p00"), "{said:?}");
    assert!(
        said.error
            .contains("nobody reads order-processor-p06, order-processor-p07, while"),
        "{said:?}"
    );
}

#[tokio::test]
async fn shares_that_overlap_in_part_are_an_error_and_replicas_that_stand_by_for_all_are_none() {
    let shop = Shop::unattended().await;
    let names = |numbers: std::ops::Range<u32>| {
        numbers
            .map(|number| format!("order-processor-p{number:02}"))
            .collect::<Vec<_>>()
    };
    let replica = async |numbers| {
        processor::read(
            &shop.messaging().await,
            &shop.storage().await,
            "ORDERS",
            names(numbers),
        );
    };
    replica(0..5).await;
    replica(3..8).await;
    let said = eventually("the overlap", async || {
        let said = shop.run(&["queues"]).await;
        said.error.contains("overlap in part").then_some(said)
    })
    .await;
    assert!(!said.ok && said.out.contains("REPLICAS"), "{said:?}");
    let fewer = [names(0..3), names(5..8)].concat().join(", ");
    let expected = format!("no more than 1 read {fewer}, while 2 read others");
    assert!(said.error.contains(&expected), "{said:?}");
    replica(0..3).await;
    replica(5..8).await;
    eventually("two everywhere", async || {
        let said = shop.run(&["queues", "--output", "json"]).await;
        let queues: Value = serde_json::from_str(&said.out).unwrap();
        let mut at = queues
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|queue| queue["replicas"]["pulls"].as_u64());
        (said.ok && at.all(|pulls| pulls == 2)).then_some(())
    })
    .await;
}
