//! The durable consumers.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PriorityPolicy, ReplayPolicy, pull};
use domain::Partition;

use super::{
    CAMPAIGNS_CONSUMER, CATALOG, CATALOG_CONSUMER, EVENTS, HUB_CONSUMER, NOTIFICATIONS, ORDERS, PLATFORMS,
    WISHES_CONSUMER, bulk_consumer, processor_consumer, sender_consumer,
};

/// A message nobody says is in progress for this long is delivered again.
const ACK_WAIT: Duration = Duration::from_secs(5);
/// Pushes that a service asked to wait count as unacknowledged until they come again: so many of one platform may wait before others wait for them.
const MOST_PUSHES_WAITING: i64 = 100_000;
/// A replica that does not pull for this long loses its partition to the next.
const PIN_TIMEOUT: Duration = Duration::from_secs(3);

/// A durable consumer as it is meant to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerPlan {
    /// The stream it reads.
    pub stream: &'static str,
    /// Its configuration.
    pub config: pull::Config,
}

impl ConsumerPlan {
    /// Its name.
    pub fn name(&self) -> &str {
        self.config.durable_name.as_deref().unwrap_or_default()
    }
}

/// Every durable consumer.
pub fn consumers() -> Vec<ConsumerPlan> {
    let processors = Partition::all().map(processor);
    let senders = PLATFORMS.iter().map(|platform| {
        let filter = format!("notifications.{platform}.*");
        plan(
            NOTIFICATIONS,
            &sender_consumer(platform),
            &filter,
            MOST_PUSHES_WAITING,
        )
    });
    let bulk = PLATFORMS.iter().map(|platform| {
        let filter = format!("notifications.bulk-{platform}.*");
        plan(
            NOTIFICATIONS,
            &bulk_consumer(platform),
            &filter,
            MOST_PUSHES_WAITING,
        )
    });
    let campaigns = plan(
        NOTIFICATIONS,
        CAMPAIGNS_CONSUMER,
        "notifications.campaigns.*",
        100,
    );
    let catalog = plan(CATALOG, CATALOG_CONSUMER, "", 1);
    let hub = plan(EVENTS, HUB_CONSUMER, "events.order.>", 1000);
    processors
        .chain([catalog, hub, wishes()])
        .chain(senders)
        .chain(bulk)
        .chain([campaigns])
        .collect()
}

/// Of what is somebody's business: another kind of events would have to be given to someone first.
fn wishes() -> ConsumerPlan {
    let plain = plan(EVENTS, WISHES_CONSUMER, "", 1000);
    ConsumerPlan {
        config: pull::Config {
            filter_subjects: vec!["events.catalog.>".into(), "events.order.>".into()],
            ..plain.config
        },
        ..plain
    }
}

/// One active replica at a time, so that the commands of one order keep their order.
fn processor(partition: Partition) -> ConsumerPlan {
    let plain = plan(
        ORDERS,
        &processor_consumer(partition),
        &format!("orders.{partition}.>"),
        256,
    );
    ConsumerPlan {
        config: pull::Config {
            priority_policy: PriorityPolicy::PinnedClient,
            priority_groups: vec!["replica".into()],
            priority_timeout: PIN_TIMEOUT,
            ..plain.config
        },
        ..plain
    }
}

fn plan(stream: &'static str, name: &str, filter: &str, max_ack_pending: i64) -> ConsumerPlan {
    let config = pull::Config {
        durable_name: Some(name.into()),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        max_deliver: -1,
        filter_subject: filter.into(),
        replay_policy: ReplayPolicy::Instant,
        max_ack_pending,
        ..pull::Config::default()
    };
    ConsumerPlan { stream, config }
}
