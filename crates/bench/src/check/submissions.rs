//! I1, I2 and I3: what was submitted against what exists.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::{Customer, OrderId};
use storage::audit::AuditedOrder;

use super::{Expectations, Violation};
use crate::history::{Record, What};
use crate::load::is_settled;

/// Where "nothing was stored" is part of the answer's meaning, though its status is 5xx.
const QUEUE_FULL: &str = "/problems/queue-full";

type Lines = Vec<(String, i64)>;

/// Everything that was tried under one key.
#[derive(Debug, Default)]
struct Submission<'a> {
    guest: u32,
    /// What each attempt asked.
    asked: BTreeMap<u32, &'a Lines>,
    /// What each accepted attempt was answered with.
    accepted: BTreeMap<u32, OrderId>,
    /// Attempts that were certainly not stored.
    refused: BTreeSet<u32>,
}

impl Submission<'_> {
    /// Whether it may exist though no answer said so: an attempt has no answer, or one that leaves it open.
    fn may_exist(&self) -> bool {
        self.asked.keys().any(|attempt| !self.refused.contains(attempt))
    }

    /// What an order under this key may contain: what an accepted attempt asked, else what any attempt did that may be stored.
    fn contents(&self) -> BTreeSet<&Lines> {
        let open = self
            .asked
            .iter()
            .filter(|(attempt, _)| !self.refused.contains(attempt));
        let asked: BTreeSet<_> = open
            .clone()
            .filter(|(attempt, _)| self.accepted.contains_key(attempt))
            .map(|(_, lines)| *lines)
            .collect();
        if asked.is_empty() {
            open.map(|(_, lines)| *lines).collect()
        } else {
            asked
        }
    }
}

/// By key.
fn submissions(history: &[Record]) -> BTreeMap<&str, Submission<'_>> {
    let mut submissions: BTreeMap<&str, Submission<'_>> = BTreeMap::new();
    for Record {
        key,
        guest,
        attempt,
        what,
        ..
    } in history
    {
        let submission = submissions.entry(key).or_default();
        submission.guest = *guest;
        match what {
            What::Attempted { lines } => {
                submission.asked.insert(*attempt, lines);
            }
            What::Accepted { order, .. } => {
                submission.accepted.insert(*attempt, *order);
            }
            What::Refused { status, problem } if *status < 500 || problem == QUEUE_FULL => {
                submission.refused.insert(*attempt);
            }
            What::Refused { .. } | What::Unknown { .. } | What::Seen { .. } => {}
        }
    }
    submissions
}

pub(super) fn check(
    history: &[Record],
    orders: &HashMap<OrderId, &AuditedOrder>,
    expected: Expectations,
) -> Vec<Violation> {
    let submissions = submissions(history);
    let mut violations = Vec::new();
    let (mut explained, mut customers) = (HashSet::new(), HashMap::new());
    for (key, submission) in &submissions {
        violations.extend(answers(key, submission));
        for id in submission.accepted.values().collect::<BTreeSet<_>>() {
            let Some(order) = orders.get(id) else {
                violations.push(Violation::Lost {
                    order: *id,
                    key: (*key).into(),
                });
                continue;
            };
            explained.insert(*id);
            if derived(order.customer, key) == Some(*id) {
                customers.insert(submission.guest, order.customer);
            } else {
                violations.push(Violation::OtherOwner {
                    order: *id,
                    key: (*key).into(),
                });
            }
            violations.extend(stored(key, submission, order));
        }
    }
    violations.extend(unexplained(
        &submissions,
        orders,
        &explained,
        &customers,
        expected,
    ));
    violations
}

/// Every answer under one key is the same, and is to the same request.
fn answers(key: &str, submission: &Submission<'_>) -> Vec<Violation> {
    let orders: BTreeSet<OrderId> = submission.accepted.values().copied().collect();
    let asked = submission
        .accepted
        .keys()
        .filter_map(|attempt| submission.asked.get(attempt));
    let bodies: BTreeSet<_> = asked.collect();
    let mut violations = Vec::new();
    if orders.len() > 1 {
        violations.push(Violation::TwoOrders {
            key: key.into(),
            orders: orders.into_iter().collect(),
        });
    }
    if bodies.len() > 1 {
        violations.push(Violation::TwoBodies { key: key.into() });
    }
    violations
}

/// What must hold of an order that stands for `submission`.
fn stored(key: &str, submission: &Submission<'_>, order: &AuditedOrder) -> Vec<Violation> {
    let id = order.id;
    let lines = order
        .lines
        .iter()
        .map(|line| (line.sku.as_str().to_owned(), i64::from(line.quantity)));
    let mut violations = Vec::new();
    if !submission.contents().contains(&lines.collect::<Lines>()) {
        violations.push(Violation::OtherContent {
            order: id,
            key: key.into(),
        });
    }
    if !is_settled(order.state) {
        violations.push(Violation::Unsettled {
            order: id,
            state: order.state,
        });
    }
    violations
}

/// Orders that no answer spoke of: they stand for a submission whose outcome is unknown, or for none.
fn unexplained(
    submissions: &BTreeMap<&str, Submission<'_>>,
    orders: &HashMap<OrderId, &AuditedOrder>,
    explained: &HashSet<OrderId>,
    customers: &HashMap<u32, Customer>,
    expected: Expectations,
) -> Vec<Violation> {
    let open = || {
        submissions
            .iter()
            .filter(|(_, submission)| submission.accepted.is_empty())
    };
    let named: HashMap<OrderId, (&str, &Submission<'_>)> = open()
        .filter_map(|(key, submission)| {
            let id = derived(*customers.get(&submission.guest)?, key)?;
            Some((id, (*key, submission)))
        })
        .collect();
    // Guests of whom no order was ever accepted: any customer may be one of them.
    let nameless: Vec<_> = open()
        .filter(|(_, submission)| !customers.contains_key(&submission.guest))
        .collect();
    let ours: HashSet<&Customer> = customers.values().collect();
    let mut violations = Vec::new();
    for (id, order) in orders.iter().filter(|(id, _)| !explained.contains(id)) {
        let by_name = named.get(id).copied();
        let submission = by_name.or_else(|| {
            let mut nameless = nameless.iter().map(|(key, submission)| (**key, *submission));
            nameless.find(|(key, _)| derived(order.customer, key) == Some(*id))
        });
        match submission {
            Some((key, submission)) if submission.may_exist() => {
                violations.extend(stored(key, submission, order));
            }
            Some((key, _)) => violations.push(Violation::RefusedYetStored {
                order: *id,
                key: key.into(),
            }),
            None if expected.others && !ours.contains(&order.customer) => {}
            None => violations.push(Violation::Stranger { order: *id }),
        }
    }
    violations
}

/// The order that `customer` names with `key`, this year or next.
fn derived(customer: Customer, key: &str) -> Option<OrderId> {
    Some(OrderId::derive(customer, &key.parse().ok()?))
}
