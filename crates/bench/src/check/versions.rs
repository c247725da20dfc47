//! I5, and of I2 that a command takes effect once: every order's history, and what readers saw of it.

use std::collections::{HashMap, HashSet};

use domain::{CommandId, OrderId, OrderState, Version};
use storage::audit::{Audit, AuditedOrder, AuditedStep};

use super::Violation;
use crate::history::{Record, What};

type Steps<'a> = HashMap<OrderId, Vec<&'a AuditedStep>>;

pub(super) fn check(history: &[Record], audit: &Audit) -> Vec<Violation> {
    let mut steps: Steps<'_> = HashMap::with_capacity(audit.orders.len());
    for step in &audit.history {
        steps.entry(step.order).or_default().push(step);
    }
    let mut violations = Vec::new();
    for order in &audit.orders {
        let steps = steps.get(&order.id).map(Vec::as_slice).unwrap_or_default();
        violations.extend(gaps(order.id, steps));
        violations.extend(transitions(order.id, steps));
        violations.extend(effects(order.id, steps));
        violations.extend(torn(order, steps));
    }
    let known: HashSet<OrderId> = audit.orders.iter().map(|order| order.id).collect();
    let orphans = steps.keys().filter(|order| !known.contains(order));
    violations.extend(orphans.map(|order| Violation::HistoryWithoutOrder { order: *order }));
    violations.extend(readers(history, &steps));
    violations
}

/// Versions are 1, 2, 3 and so on.
fn gaps(order: OrderId, steps: &[&AuditedStep]) -> Vec<Violation> {
    let mut after = Version(0);
    let mut violations = Vec::new();
    for step in steps {
        if step.version != after.next() {
            violations.push(Violation::VersionGap {
                order,
                after,
                found: step.version,
            });
        }
        after = step.version;
    }
    violations
}

fn transitions(order: OrderId, steps: &[&AuditedStep]) -> Vec<Violation> {
    let mut violations = Vec::new();
    if let Some(first) = steps.first()
        && first.event.state != OrderState::Submitted
    {
        violations.push(Violation::WrongBeginning {
            order,
            state: first.event.state,
        });
    }
    for pair in steps.windows(2) {
        let (from, to) = (pair[0].event.state, pair[1].event.state);
        let legal = match &pair[1].event {
            event if event.refused.is_some() => from == to,
            event if event.erased => from == to && to.is_terminal(),
            _ => may_follow(from, to),
        };
        if !legal {
            violations.push(Violation::IllegalStep {
                order,
                version: pair[1].version,
                from,
                to,
            });
        }
    }
    violations
}

/// The arrows of an order's life.
fn may_follow(from: OrderState, to: OrderState) -> bool {
    use OrderState::{
        AwaitingUploads, Cancelled, Confirmed, Delivered, Expired, Rejected, Shipped, Submitted,
    };
    matches!(
        (from, to),
        (Submitted, AwaitingUploads | Confirmed | Rejected | Cancelled)
            | (AwaitingUploads, Confirmed | Rejected | Cancelled | Expired)
            | (Confirmed, Cancelled | Shipped)
            | (Shipped, Delivered)
    )
}

/// A command makes one version; a submission makes the first two. With the last transition of an erased customer's order goes its erasure.
fn effects(order: OrderId, steps: &[&AuditedStep]) -> Vec<Violation> {
    let mut versions: HashMap<CommandId, Vec<Version>> = HashMap::new();
    for (place, step) in steps.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| steps.get(before));
        if step.event.erased && before.is_some_and(|before| before.command == step.command) {
            continue;
        }
        versions.entry(step.command).or_default().push(step.version);
    }
    let once = |command: &CommandId, versions: &[Version]| {
        versions.len() == 1
            || (*command == CommandId::of_submission(order) && versions == [Version(1), Version(2)])
    };
    let twice = versions
        .iter()
        .filter(|(command, versions)| !once(command, versions));
    twice
        .map(|(command, _)| Violation::EffectTwice {
            order,
            command: *command,
        })
        .collect()
}

fn torn(order: &AuditedOrder, steps: &[&AuditedStep]) -> Option<Violation> {
    let end = steps
        .last()
        .map(|step| (step.version, step.event.state, step.event.customer));
    let whole = order.consistent && end == Some((order.version, order.state, order.customer));
    (!whole).then_some(Violation::Torn { order: order.id })
}

/// No reader sees an order go back, or as it never was.
fn readers(history: &[Record], steps: &Steps<'_>) -> Vec<Violation> {
    let (mut last, mut violations) = (HashMap::new(), Vec::new());
    for record in history {
        let What::Seen {
            order,
            version,
            state,
        } = record.what
        else {
            continue;
        };
        let key = &record.key;
        let from = *last.get(&(key, order)).unwrap_or(&version);
        if from > version {
            violations.push(Violation::WentBack {
                order,
                key: key.clone(),
                from,
                to: version,
            });
        }
        last.insert((key, order), version);
        // What is not decided is read from the stream, before anything is stored.
        let undecided =
            version == Version::FIRST && matches!(state, OrderState::Submitted | OrderState::Held);
        let was = steps.get(&order).is_some_and(|steps| {
            steps
                .iter()
                .any(|step| (step.version, step.event.state) == (version, state))
        });
        if !undecided && !was {
            violations.push(Violation::SeenNeverStored {
                order,
                key: key.clone(),
                version,
                state,
            });
        }
    }
    violations
}
