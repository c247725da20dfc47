//! The seven streams.

use std::time::Duration;

use async_nats::jetstream::stream::{
    Compression, Config, DiscardPolicy, PersistenceMode, Republish, RetentionPolicy, Source, StorageType,
    SubjectTransform,
};

use super::{AUDIT, CATALOG, DEAD_LETTERS, EVENTS, NOTIFICATIONS, ORDERS, SCHEDULES};

const KIB: i32 = 1024;
const GIB: i64 = 1024 * 1024 * 1024;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const DUPLICATE_WINDOW: Duration = Duration::from_secs(10 * 60);

/// Every stream with `replicas` copies, in the order in which they depend on each other.
pub fn streams(replicas: usize) -> Vec<Config> {
    let all = [
        schedules(),
        events(),
        orders(),
        catalog(),
        notifications(),
        dead_letters(),
        audit(replicas),
    ];
    all.into_iter()
        .map(|stream| Config {
            num_replicas: replicas,
            ..stream
        })
        .collect()
}

/// Without limits: what each stream says more is what it is about.
fn stream(name: &str, subjects: &[&str], retention: RetentionPolicy) -> Config {
    Config {
        name: name.into(),
        subjects: subjects.iter().map(ToString::to_string).collect(),
        retention,
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        duplicate_window: DUPLICATE_WINDOW,
        max_bytes: -1,
        max_messages: -1,
        max_messages_per_subject: -1,
        max_message_size: -1,
        max_consumers: -1,
        allow_direct: true,
        ..Config::default()
    }
}

fn orders() -> Config {
    Config {
        max_bytes: GIB,
        max_messages: 1_000_000,
        max_message_size: 256 * KIB,
        allow_message_ttl: true,
        allow_atomic_publish: true,
        // What a front door may schedule is what it may send.
        sources: Some(vec![due(&[
            (
                "due.orders.*.submit.*",
                "orders.{{wildcard(1)}}.submit.{{wildcard(2)}}",
            ),
            (
                "due.orders.*.cancel.*",
                "orders.{{wildcard(1)}}.cancel.{{wildcard(2)}}",
            ),
        ])]),
        // So that an order is told as submitted even while the processor is away.
        republish: Some(Republish {
            source: "orders.*.submit.*".into(),
            destination: "events.order.submitted.{{wildcard(2)}}".into(),
            headers_only: true,
        }),
        ..stream(ORDERS, &["orders.*.*.*"], RetentionPolicy::WorkQueue)
    }
}

fn catalog() -> Config {
    Config {
        max_bytes: GIB,
        max_messages: 1_000_000,
        max_message_size: 256 * KIB,
        ..stream(CATALOG, &["catalog.*.*"], RetentionPolicy::WorkQueue)
    }
}

fn events() -> Config {
    Config {
        discard: DiscardPolicy::Old,
        max_age: 7 * DAY,
        // A republished dead letter carries the time to live of its letter,
        allow_message_ttl: true,
        // and submissions that were stored together are republished as the batch they were.
        allow_atomic_publish: true,
        ..stream(EVENTS, &["events.*.*.*"], RetentionPolicy::Limits)
    }
}

fn notifications() -> Config {
    Config {
        max_bytes: GIB,
        max_messages: 1_000_000,
        max_message_size: 64 * KIB,
        allow_message_ttl: true,
        sources: Some(vec![due(&[("due.notifications.>", "notifications.>")])]),
        ..stream(NOTIFICATIONS, &["notifications.*.*"], RetentionPolicy::WorkQueue)
    }
}

/// A stream with discard-new refuses schedules (error 10052), so this one has no limits at all.
fn schedules() -> Config {
    Config {
        discard: DiscardPolicy::Old,
        allow_message_ttl: true,
        allow_message_schedules: true,
        ..stream(SCHEDULES, &["schedules.>", "due.>"], RetentionPolicy::WorkQueue)
    }
}

fn dead_letters() -> Config {
    Config {
        max_bytes: GIB,
        allow_message_ttl: true,
        // Announced without its body.
        republish: Some(Republish {
            source: "dead-letters.*.*.*".into(),
            destination: "events.dead-letter.{{wildcard(1)}}.{{wildcard(3)}}".into(),
            headers_only: true,
        }),
        ..stream(DEAD_LETTERS, &["dead-letters.*.*.*"], RetentionPolicy::Limits)
    }
}

/// Where there is one copy, what is copied from [`EVENTS`] is flushed late: what a crash takes of it is copied again, since the last message
/// that is there tells how far the copying came. Several copies can't be flushed so.
fn audit(replicas: usize) -> Config {
    Config {
        persist_mode: (replicas == 1).then_some(PersistenceMode::Async),
        discard: DiscardPolicy::Old,
        max_age: 400 * DAY,
        compression: Some(Compression::S2),
        deny_delete: true,
        deny_purge: true,
        sources: Some(vec![Source {
            name: EVENTS.into(),
            ..Source::default()
        }]),
        ..stream(AUDIT, &[], RetentionPolicy::Limits)
    }
}

/// What falls due in [`SCHEDULES`] below the first of each pair arrives below the second.
fn due(ways: &[(&str, &str)]) -> Source {
    let transform = |&(source, destination): &(&str, &str)| SubjectTransform {
        source: source.into(),
        destination: destination.into(),
    };
    Source {
        name: SCHEDULES.into(),
        subject_transforms: ways.iter().map(transform).collect(),
        ..Source::default()
    }
}
