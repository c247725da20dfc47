//! Whether a consumer still is what a worker relies on: someone may have changed it by hand.

use async_nats::jetstream::consumer::{Config, Info, IntoConsumerConfig};
use serde_json::Value;

use crate::topology::consumers;

/// The settings that decide which messages come, to whom, and what becomes of them. Others only make it faster or slower.
const RELIED_ON: [&str; 8] = [
    "filter_subject",
    "filter_subjects",
    "ack_policy",
    "max_deliver",
    "backoff",
    "headers_only",
    "priority_policy",
    "priority_groups",
];

/// What of the consumer is not as the topology has it; `None` where all is well or the topology does not know it.
pub(super) fn changed(info: &Info) -> Option<String> {
    let plan = consumers()
        .into_iter()
        .find(|plan| plan.stream == info.stream_name && plan.name() == info.name)?;
    let differences = differences(&plan.config.into_consumer_config(), &info.config);
    (!differences.is_empty()).then(|| {
        format!(
            "the consumer was changed ({}); delete it and apply the topology",
            differences.join(", ")
        )
    })
}

fn differences(wanted: &Config, found: &Config) -> Vec<String> {
    let json = |config| serde_json::to_value(config).unwrap_or_default();
    let (wanted, found): (Value, Value) = (json(wanted), json(found));
    let differing = |name: &&str| {
        let (is, should) = (&found[name], &wanted[name]);
        (is != should).then(|| format!("{name} is {is}, not {should}"))
    };
    RELIED_ON.iter().filter_map(differing).collect()
}
