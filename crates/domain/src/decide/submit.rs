//! Making an order: priced from the catalog, its stock taken, versions 1 and 2 in one go.

use std::collections::{HashMap, HashSet};

use super::desk::Desk;
use super::{HistoryRow, Verdict};
use crate::access::Actor;
use crate::catalog::Product;
use crate::commands::{MAX_LINES, OrderCommand, Submit};
use crate::events::OrderEvent;
use crate::ids::Version;
use crate::money::Money;
use crate::order::{HistoryEntry, Line, Order, OrderState, Reason, ReasonCode, Sku};

impl Desk<'_> {
    pub(super) fn submit(&mut self, command: &OrderCommand, submit: &Submit) -> Verdict {
        if let Some(stranger) = stranger(command, submit) {
            return stranger;
        }
        match self.batch.orders.get(&command.order) {
            Some(stored) => self.again(command, submit, stored),
            None => self.submit_new(command, submit),
        }
    }

    /// A submission whose order exists: a retry, or another request under the same key. Of an erased customer's nothing is kept, not even as a
    /// dead letter.
    fn again(&self, command: &OrderCommand, submit: &Submit, stored: &Order) -> Verdict {
        let is_erased = stored.erased_at.is_some() || self.batch.erased.contains(&stored.customer);
        if !is_erased && stored.fingerprint != submit.fingerprint() {
            return Verdict::Impossible {
                reason: "key_reused",
                why: format!(
                    "order {} was submitted before with another content",
                    command.order
                ),
            };
        }
        Verdict::Effective(
            self.batch
                .handled
                .get(&command.id)
                .cloned()
                .unwrap_or_else(|| told(stored, command)),
        )
    }

    fn submit_new(&mut self, command: &OrderCommand, submit: &Submit) -> Verdict {
        let mut order = submit.accepted(command.order, command.at);
        let priced = price(&mut order.lines, &self.batch.products);
        order.total = priced.as_ref().ok().copied();
        let is_erased = self.batch.erased.contains(&submit.customer);
        let outcome = match priced {
            _ if is_erased => Err(Reason {
                code: ReasonCode::Erased,
                line: None,
            }),
            priced => priced.and_then(|total| self.check(&order.lines, total, submit.expected_total)),
        };
        let decided = HistoryEntry {
            version: Version::FIRST.next(),
            state: if outcome.is_ok() {
                OrderState::Confirmed
            } else {
                OrderState::Rejected
            },
            at: self.now.max(command.at),
            by: command.actor.clone(),
            reason: outcome.err(),
            refused: None,
            erased: false,
            command: command.id,
        };
        if is_erased {
            // It came too late to be delivered to anyone: it is known by its id, and never had anything personal.
            order.erase(decided.at);
        }
        order.reason.clone_from(&decided.reason);
        order.version = decided.version;
        order.state = decided.state;
        order.updated_at = decided.at;
        order.history.push(decided);
        self.store(command, order)
    }

    /// Whether the stock suffices and the total is what the client had shown.
    fn check(&self, lines: &[Line], total: Money, expected: Option<Money>) -> Result<(), Reason> {
        let sold_out = |line: &Line| match self.batch.products.get(&line.sku) {
            Some(product) => product.available < i64::from(line.quantity),
            None => true,
        };
        if let Some(index) = lines.iter().position(sold_out) {
            return Err(at_line(ReasonCode::OutOfStock, index));
        }
        match expected {
            Some(shown) if shown != total => Err(Reason {
                code: ReasonCode::PriceChanged,
                line: None,
            }),
            _ => Ok(()),
        }
    }

    /// Puts the decided order on the desk with its two versions, and takes its stock where it is confirmed.
    fn store(&mut self, command: &OrderCommand, order: Order) -> Verdict {
        let events = told(&order, command);
        let rows: Vec<HistoryRow> = order
            .history
            .iter()
            .cloned()
            .zip(events.iter().cloned())
            .map(|(entry, event)| HistoryRow { entry, event })
            .collect();
        let taken: Vec<(Sku, i64)> = match order.state {
            OrderState::Confirmed => order
                .lines
                .iter()
                .map(|line| (line.sku.clone(), -i64::from(line.quantity)))
                .collect(),
            _ => Vec::new(),
        };
        self.open(order);
        for row in rows {
            self.record(command.order, row);
        }
        for (sku, delta) in taken {
            self.move_stock(command, &sku, delta);
        }
        Verdict::Effective(events)
    }
}

/// The verdict for a customer who submits in another's name.
fn stranger(command: &OrderCommand, submit: &Submit) -> Option<Verdict> {
    match &command.actor {
        Actor::Customer(customer) if *customer != submit.customer => Some(Verdict::Impossible {
            reason: "not_owner",
            why: format!(
                "{customer} submitted order {} in the name of {}",
                command.order, submit.customer
            ),
        }),
        _ => None,
    }
}

/// The events that `command` caused, as the order's history tells them.
fn told(order: &Order, command: &OrderCommand) -> Vec<OrderEvent> {
    let caused = order.history.iter().filter(|entry| entry.command == command.id);
    caused.map(|entry| OrderEvent::of(order, entry)).collect()
}

fn at_line(code: ReasonCode, line: usize) -> Reason {
    Reason {
        code,
        line: Some(line),
    }
}

/// Writes the catalog's names and prices into `lines` and sums them.
fn price(lines: &mut [Line], products: &HashMap<Sku, Product>) -> Result<Money, Reason> {
    well_formed(lines)?;
    let mut total: Option<Money> = None;
    let mut wrong = None;
    for (index, line) in lines.iter_mut().enumerate() {
        let Some(product) = products.get(&line.sku) else {
            wrong.get_or_insert(at_line(ReasonCode::UnknownProduct, index));
            continue;
        };
        line.name = Some(product.name.to_string());
        line.unit_price = Some(product.price);
        match add(total, product.price, line) {
            Some(sum) => total = Some(sum),
            None => {
                wrong.get_or_insert(at_line(ReasonCode::Invalid, index));
            }
        }
    }
    match (wrong, total) {
        (None, Some(total)) => Ok(total),
        (wrong, _) => Err(wrong.unwrap_or(Reason {
            code: ReasonCode::Invalid,
            line: None,
        })),
    }
}

fn add(total: Option<Money>, unit_price: Money, line: &Line) -> Option<Money> {
    let sum = unit_price.times(line.quantity.get())?;
    total.map_or(Some(sum), |total| total.plus(sum))
}

/// The doors let only such lines in; a message that came past them is rejected, not stored half-made.
fn well_formed(lines: &[Line]) -> Result<(), Reason> {
    if !(1..=MAX_LINES).contains(&lines.len()) {
        return Err(Reason {
            code: ReasonCode::Invalid,
            line: None,
        });
    }
    let mut seen = HashSet::new();
    match lines.iter().position(|line| !seen.insert(&line.sku)) {
        Some(index) => Err(at_line(ReasonCode::Invalid, index)),
        None => Ok(()),
    }
}
