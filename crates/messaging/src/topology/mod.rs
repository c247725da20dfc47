//! Streams and consumers as code: the one place where they are named and made.

mod apply;
mod consumers;
pub mod permissions;
mod streams;

use domain::Partition;
use serde_json::json;

pub use apply::{Applied, TopologyError, apply, apply_replicated};
pub use consumers::{ConsumerPlan, consumers};
pub use streams::streams;

/// Commands to the order processor.
pub const ORDERS: &str = "ORDERS";
/// Staff's commands on products and stock.
pub const CATALOG: &str = "CATALOG";
/// What happened.
pub const EVENTS: &str = "EVENTS";
/// One push to one device.
pub const NOTIFICATIONS: &str = "NOTIFICATIONS";
/// What is to happen later.
pub const SCHEDULES: &str = "SCHEDULES";
/// What could not be handled.
pub const DEAD_LETTERS: &str = "DEAD_LETTERS";
/// Who did what, for later.
pub const AUDIT: &str = "AUDIT";

/// The consumer of [`CATALOG`].
pub const CATALOG_CONSUMER: &str = "catalog";
/// The notification hub's consumer of [`EVENTS`].
pub const HUB_CONSUMER: &str = "notification-hub";
/// The consumer of [`NOTIFICATIONS`] for campaigns that are to be sent.
pub const CAMPAIGNS_CONSUMER: &str = "campaigns";
/// The notification hub's consumer of [`EVENTS`] that looks for wishes.
pub const WISHES_CONSUMER: &str = "notification-hub-wishes";
/// The push platforms; each has a consumer of [`NOTIFICATIONS`].
pub const PLATFORMS: [&str; 5] = ["apns", "fcm", "wns", "webpush", "email"];

/// The consumer of [`ORDERS`] for `partition`: `order-processor-p03`.
pub fn processor_consumer(partition: Partition) -> String {
    format!("order-processor-{partition}")
}

/// The consumer of [`NOTIFICATIONS`] for `platform`: `sender-apns`.
pub fn sender_consumer(platform: &str) -> String {
    format!("sender-{platform}")
}

/// The consumer of [`NOTIFICATIONS`] for what goes to many devices of `platform` at once: `bulk-apns`.
pub fn bulk_consumer(platform: &str) -> String {
    format!("bulk-{platform}")
}

/// The streams and consumers as they are meant to be, as JSON configuration for people to read.
pub fn show() -> serde_json::Value {
    let consumers: Vec<_> = consumers()
        .into_iter()
        .map(|plan| json!({ "stream": plan.stream, "config": plan.config }))
        .collect();
    json!({ "streams": streams(1), "consumers": consumers })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_consumer_reads_a_stream_of_ours() {
        let streams: Vec<_> = super::streams(1).into_iter().map(|stream| stream.name).collect();
        for plan in super::consumers() {
            assert!(streams.contains(&plan.stream.to_owned()), "{}", plan.stream);
        }
        assert_eq!(super::consumers().len(), 22);
        assert_eq!(super::show()["streams"].as_array().unwrap().len(), 7);
    }
}
