//! Which replicas are at which partition.

use devstack::testing::eventually;
use domain::Partition;
use messaging::Worker;
use messaging::queues::{Queue, uneven_partitions, unread_partitions};
use messaging::topology::processor_consumer;

use crate::support::{Counts, Recorder, Running, Server, cancel, connect, order};

/// A replica with a connection of its own, at `partitions`.
async fn replica(server: &Server, partitions: std::ops::Range<usize>) -> Running {
    let all: Vec<_> = Partition::all().map(processor_consumer).collect();
    let worker = Worker {
        messaging: connect(&server.servers.nats_url).await,
        consumers: all[partitions].to_vec(),
        ..server.worker("ORDERS", "", &Counts::default())
    };
    Running::start(worker, &Recorder::done())
}

async fn partitions(server: &Server) -> Vec<Queue> {
    let mut queues = server.messaging.queues().await.unwrap();
    queues.retain(|queue| queue.stream == "ORDERS");
    queues
}

/// Waits until each partition is read by so many.
async fn read_by(server: &Server, expected: [u64; 8]) -> Vec<Queue> {
    eventually(&format!("{expected:?}"), async || {
        let queues = partitions(server).await;
        let pulls = queues.iter().map(|queue| queue.replicas.as_ref().unwrap().pulls);
        pulls.eq(expected).then_some(queues)
    })
    .await
}

#[tokio::test]
async fn replicas_with_all_partitions_stand_by_for_each_other_and_shares_that_overlap_in_part_are_found() {
    let server = Server::start().await;
    let first = replica(&server, 0..8).await;
    let second = replica(&server, 0..8).await;
    let queues = read_by(&server, [2; 8]).await;
    assert_eq!(
        (uneven_partitions(&queues), unread_partitions(&queues)),
        (None, vec![])
    );

    // Who gets a message is pinned, and the other stands by.
    server.publish(&cancel(order("a"), "1")).await;
    server.emptied("ORDERS").await;
    let queues = read_by(&server, [2; 8]).await;
    let of = processor_consumer(order("a").partition());
    let queue = queues
        .iter()
        .find(|queue| queue.consumer.as_deref() == Some(&*of))
        .unwrap();
    let replicas = queue.replicas.as_ref().unwrap();
    assert!(replicas.pin.is_some() && replicas.since.is_some(), "{replicas:?}");
    first.drain().await;
    second.drain().await;

    // Three partitions with two, the others with one.
    let first = replica(&server, 0..5).await;
    let second = replica(&server, 2..8).await;
    let queues = read_by(&server, [1, 1, 2, 2, 2, 1, 1, 1]).await;
    let uneven = uneven_partitions(&queues).unwrap();
    assert_eq!((uneven.fewer, uneven.most, uneven.consumers.len()), (1, 2, 5));
    assert_eq!(uneven.consumers[2], "order-processor-p05");
    // With more for what has one only, it is even again.
    let third = replica(&server, 5..8).await;
    let fourth = replica(&server, 0..2).await;
    let queues = read_by(&server, [2; 8]).await;
    assert_eq!(uneven_partitions(&queues), None);
    for replica in [first, second, third, fourth] {
        replica.drain().await;
    }
}
