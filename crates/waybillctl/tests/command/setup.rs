//! Schema and streams.

use devstack::testing::eventually;

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
    let queues = shop.json(&["queues"]).await;
    let queue = |stream: &str, consumer: &str| {
        let all = queues.as_array().unwrap();
        all.iter()
            .find(|queue| queue["stream"] == stream && queue["consumer"] == consumer)
            .unwrap()
            .clone()
    };
    assert_eq!(queue("CATALOG", "catalog")["pending"], 1);
    assert_eq!(queue("ORDERS", "order-processor-p00")["pending"], 0);
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
