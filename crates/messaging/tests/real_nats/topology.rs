use async_nats::jetstream::consumer::pull;
use devstack::testing::{eventually, jetstream, stored};
use messaging::queues::{Queue, unread_partitions};
use messaging::topology::{TopologyError, apply, processor_consumer};
use messaging::{Worker, commands};

use crate::support::{Counts, Recorder, Running, Server, submission};
use serde_json::json;

fn changes(applied: &[messaging::topology::Applied], change: &str) -> usize {
    applied.iter().filter(|applied| applied.change == change).count()
}

#[tokio::test]
async fn applying_twice_changes_nothing_the_second_time() {
    let server = Server::empty().await;
    let first = apply(&server.messaging).await.unwrap();
    assert_eq!(changes(&first, "created"), 29, "{first:?}");
    let second = apply(&server.messaging).await.unwrap();
    assert_eq!(changes(&second, "unchanged"), 29, "{second:?}");
}

#[tokio::test]
async fn a_changed_stream_is_mended_and_a_changed_consumer_is_refused() {
    let server = Server::start().await;
    let mut orders = server
        .raw
        .get_stream("ORDERS")
        .await
        .unwrap()
        .cached_info()
        .config
        .clone();
    orders.max_messages = 7;
    server.raw.update_stream(orders).await.unwrap();
    let applied = apply(&server.messaging).await.unwrap();
    assert_eq!(changes(&applied, "updated"), 1, "{applied:?}");

    let catalog = server.raw.get_stream("CATALOG").await.unwrap();
    let consumer = catalog.get_consumer::<pull::Config>("catalog").await.unwrap();
    let other = pull::Config {
        max_ack_pending: 99,
        ..consumer.cached_info().config.clone().into_pull()
    };
    catalog.update_consumer(other).await.unwrap();
    let error = apply(&server.messaging).await.unwrap_err();
    let TopologyError::Differs { name, difference } = &error else {
        panic!("{error}")
    };
    assert_eq!(name, "CATALOG/catalog");
    assert_eq!(difference, "max_ack_pending is 99, not 1");
}

trait IntoPull {
    fn into_pull(self) -> pull::Config;
}

impl IntoPull for async_nats::jetstream::consumer::Config {
    fn into_pull(self) -> pull::Config {
        async_nats::jetstream::consumer::FromConsumer::try_from_consumer_config(self).unwrap()
    }
}

#[tokio::test]
async fn queues_tell_exact_lengths() {
    let server = Server::start().await;
    for key in 0..5 {
        server
            .publish(&crate::support::stock("green-tea", &key.to_string()))
            .await;
    }
    let of_catalog = |queue: &&Queue| queue.stream == "CATALOG";
    let queues = eventually("five that wait", async || {
        let queues = server.messaging.queues().await.unwrap();
        let catalog = queues.iter().find(of_catalog).unwrap();
        (catalog.pending == 5).then_some(queues)
    })
    .await;
    let catalog = queues.iter().find(of_catalog).unwrap();
    assert_eq!(catalog.in_hand, 0);
    let age = crate::support::now().duration_since(catalog.oldest.unwrap());
    assert!(
        age.is_positive() && age < jiff::SignedDuration::from_secs(20),
        "{age}"
    );
    assert_eq!(queues.len(), 23);
    assert_eq!(
        queues.last().map(|queue| (queue.pending, queue.oldest)),
        Some((0, None))
    );
}

#[tokio::test]
async fn what_is_scheduled_reaches_its_stream_when_it_is_due() {
    let server = Server::start().await;
    let at = crate::support::now() + jiff::SignedDuration::from_secs(1);
    let at = at.round(jiff::Unit::Second).unwrap();
    for (id, target) in [
        ("a", "due.orders.p03.cancel.a"),
        ("b", "due.notifications.apns.b"),
    ] {
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Nats-Schedule", format!("@at {at}"));
        headers.insert("Nats-Schedule-Target", target);
        headers.insert("ce-id", id);
        let subject = format!("schedules.{id}");
        server
            .raw
            .publish_with_headers(subject, headers, id.into())
            .await
            .unwrap()
            .await
            .unwrap();
    }
    let order = server.last("ORDERS", "orders.p03.cancel.a").await;
    assert_eq!(
        (
            order.payload.as_ref(),
            order.headers.get("ce-id").unwrap().as_str()
        ),
        (b"a".as_slice(), "a")
    );
    assert!(order.headers.get("Nats-Msg-Id").is_none());
    server.last("NOTIFICATIONS", "notifications.apns.b").await;
    server.emptied("SCHEDULES").await;
}

#[tokio::test]
async fn partitions_that_no_replica_reads_are_found() {
    let server = Server::start().await;
    let unread = async || -> Vec<String> {
        let queues = server.messaging.queues().await.unwrap();
        unread_partitions(&queues)
            .into_iter()
            .map(ToOwned::to_owned)
            .collect()
    };
    assert_eq!(unread().await, [""; 0], "with nobody at work there is no gap");
    let all: Vec<_> = domain::Partition::all().map(processor_consumer).collect();
    let recorder = Recorder::done();
    let replica = |consumers: &[String]| {
        let worker = server.worker("ORDERS", "", &Counts::default());
        let consumers = consumers.to_vec();
        Running::start(Worker { consumers, ..worker }, &recorder)
    };
    let first = replica(&all[..5]);
    eventually("the gap", async || (unread().await == all[5..]).then_some(())).await;
    let second = replica(&all[5..]);
    eventually("no gap", async || unread().await.is_empty().then_some(())).await;
    first.drain().await;
    second.drain().await;
}

#[tokio::test]
async fn nobody_can_delete_what_the_audit_holds() {
    let server = Server::start().await;
    server
        .publish(&commands::order_message(&submission("a"), "test", None))
        .await;
    let url = &server.servers.nats_url;
    eventually("the submission to be audited", async || {
        (stored(url, "AUDIT").await == 1).then_some(())
    })
    .await;
    for (request, body) in [
        ("STREAM.MSG.DELETE.AUDIT", json!({ "seq": 1 })),
        ("STREAM.PURGE.AUDIT", json!({})),
    ] {
        let answer = jetstream(url, request, &body).await;
        assert_eq!(answer["success"], json!(null), "{request}: {answer}");
        assert!(answer["error"]["description"].is_string(), "{request}: {answer}");
    }
    assert_eq!(stored(url, "AUDIT").await, 1);
}
