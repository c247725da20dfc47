//! Order within one order, over replicas of which one dies.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use devstack::proxy::{Mode, Proxy};
use devstack::testing::eventually;
use domain::Partition;
use messaging::topology::processor_consumer;
use messaging::{HandlerError, Message, Outcome, Worker};

use crate::support::{Counts, Recorder, Running, Server, cancel, connect, order};

const ORDERS: usize = 1_200;
const COMMANDS: usize = 5;

/// What the replicas have done, as a store knows it: an effect once, whoever repeats it.
#[derive(Clone, Default)]
struct Store {
    effects: Arc<Mutex<HashMap<String, Vec<String>>>>,
    failed: Arc<Mutex<HashSet<String>>>,
}

impl Store {
    /// About every fiftieth message fails when it comes for the first time.
    fn fails(&self, id: &str) -> bool {
        rand::random_ratio(1, 50) && self.failed.lock().unwrap().insert(id.to_owned())
    }

    fn effects(&self) -> usize {
        self.effects.lock().unwrap().values().map(Vec::len).sum()
    }

    fn replica(&self) -> Recorder {
        let store = self.clone();
        Recorder::new(move |batch| {
            let store = store.clone();
            async move {
                tokio::task::yield_now().await;
                if batch.iter().any(|delivery| store.fails(&delivery.envelope.id)) {
                    return Err(HandlerError::Failed("by chance".into()));
                }
                let mut effects = store.effects.lock().unwrap();
                for delivery in &batch {
                    let of_order = effects.entry(delivery.key().to_owned()).or_default();
                    if !of_order.contains(&delivery.envelope.id) {
                        of_order.push(delivery.envelope.id.clone());
                    }
                }
                Ok(batch.iter().map(|_| Outcome::Done).collect())
            }
        })
    }
}

async fn replica(
    server: &Server,
    url: &str,
    store: &Store,
    attempts: &Counts,
    partitions: std::ops::Range<usize>,
) -> Running {
    let all: Vec<_> = Partition::all().map(processor_consumer).collect();
    let worker = Worker {
        messaging: connect(url).await,
        consumers: all[partitions].to_vec(),
        max_batch: 32,
        ..server.worker("ORDERS", "", attempts)
    };
    Running::start(worker, &store.replica())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_of_each_order_are_done_in_their_order_by_three_replicas_of_which_one_dies() {
    let server = Server::start().await;
    let (store, attempts) = (Store::default(), Counts::default());
    let message = |number: usize, key: usize| cancel(order(&format!("k{number}")), &key.to_string());
    let messages: Vec<Message> = (0..COMMANDS)
        .flat_map(|key| (0..ORDERS).map(move |number| message(number, key)))
        .collect();
    let url = &server.servers.nats_url;
    let (port, rest) = (url.rsplit(':').next().unwrap(), url.rsplit_once(':').unwrap().0);
    let way = Proxy::start(port.parse().unwrap()).await.unwrap();
    let through = format!("{rest}:{}", way.port());
    let dying = replica(&server, &through, &store, &attempts, 0..5).await;
    let second = replica(&server, url, &store, &attempts, 3..8).await;
    let third = replica(&server, url, &store, &attempts, 0..8).await;
    let publishing = {
        let (messaging, messages) = (server.messaging.clone(), messages.clone());
        tokio::spawn(async move {
            for some in messages.chunks(200) {
                for result in messaging.publish_all(some).await {
                    result.unwrap();
                }
            }
        })
    };
    eventually("the middle", async || {
        (store.effects() > messages.len() / 4).then_some(())
    })
    .await;
    // Dead to the server: it takes nothing more from it, no word that it gives its messages back either.
    way.set(Mode::BlackHole);
    dying.die();
    publishing.await.unwrap();
    server.emptied("ORDERS").await;
    for survivor in [second, third] {
        survivor.drain().await;
    }
    assert_eq!(server.count("DEAD_LETTERS").await, 0);
    let effects = store.effects.lock().unwrap();
    assert_eq!(effects.len(), ORDERS);
    for number in 0..ORDERS {
        let expected: Vec<_> = (0..COMMANDS)
            .map(|key| message(number, key).envelope.id)
            .collect();
        assert_eq!(
            effects[&order(&format!("k{number}")).to_string()],
            expected,
            "order {number}"
        );
    }
}
