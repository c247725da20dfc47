//! Where a batch is worked on: one command after another, each seeing what those before it did.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Batch, HistoryRow, StockChange, Verdict, Written};
use crate::commands::{OrderAction, OrderCommand};
use crate::events::OrderEvent;
use crate::ids::OrderId;
use crate::order::{HistoryEntry, Order, OrderState, Reason, ReasonCode, Sku};

/// What the batch has done to one order so far.
#[derive(Default)]
struct Steps {
    new: bool,
    history: Vec<HistoryRow>,
    stock: Vec<StockChange>,
}

/// A batch being decided.
pub(super) struct Desk<'a> {
    pub(super) batch: &'a mut Batch,
    pub(super) now: Timestamp,
    touched: Vec<OrderId>,
    steps: HashMap<OrderId, Steps>,
}

/// What a command does to an order that exists.
pub(super) enum Step {
    /// It moves to this state.
    To(OrderState),
    /// The wish is refused; the state stays.
    Refused(ReasonCode),
}

impl<'a> Desk<'a> {
    pub(super) fn over(batch: &'a mut Batch, now: Timestamp) -> Self {
        Self {
            batch,
            now,
            touched: Vec::new(),
            steps: HashMap::new(),
        }
    }

    /// Decides one command and remembers its events, so that a copy of it later in the batch changes nothing.
    pub(super) fn decide(&mut self, command: &OrderCommand) -> Verdict {
        let verdict = match &command.action {
            OrderAction::Submit(submit) => self.submit(command, submit),
            OrderAction::Cancel(cancel) => self.later(command, |desk, command, state| {
                desk.cancel(command, state, cancel)
            }),
            OrderAction::Ship(ship) => {
                self.later(command, |desk, command, state| desk.ship(command, state, ship))
            }
            OrderAction::Deliver(_) => self.later(command, Self::deliver),
        };
        if let Verdict::Effective(events) = &verdict {
            self.batch
                .handled
                .entry(command.id)
                .or_insert_with(|| events.clone());
        }
        verdict
    }

    /// A command on an order that must exist, decided by `wish` from the order's state.
    fn later(
        &mut self,
        command: &OrderCommand,
        wish: impl FnOnce(&mut Self, &OrderCommand, OrderState) -> Verdict,
    ) -> Verdict {
        let Some(state) = self.batch.orders.get(&command.order).map(|order| order.state) else {
            return Verdict::Early;
        };
        match self.batch.handled.get(&command.id) {
            Some(events) => Verdict::Effective(events.clone()),
            None => wish(self, command, state),
        }
    }

    /// Takes the order one version on and gives the event of that version. A wish that was just refused to the same person is answered
    /// by that refusal: asking again and again makes no order grow.
    pub(super) fn step(&mut self, command: &OrderCommand, step: &Step) -> Verdict {
        let Some(order) = self.batch.orders.get_mut(&command.order) else {
            return Verdict::Early;
        };
        let entry = next_entry(order, command, step, self.now);
        if let Some(said) = order.history.last().filter(|last| says_the_same(last, &entry)) {
            return Verdict::Effective(vec![OrderEvent::of(order, said)]);
        }
        order.version = entry.version;
        order.state = entry.state;
        order.updated_at = entry.at;
        order.history.push(entry.clone());
        let event = OrderEvent::of(order, &entry);
        self.record(
            command.order,
            HistoryRow {
                entry,
                event: event.clone(),
            },
        );
        Verdict::Effective(vec![event])
    }

    /// Puts a new order on the desk; its history rows follow with [`Desk::record`].
    pub(super) fn open(&mut self, order: Order) {
        self.steps_of(order.id).new = true;
        self.batch.orders.insert(order.id, order);
    }

    /// Remembers a version that `order` went through.
    pub(super) fn record(&mut self, order: OrderId, row: HistoryRow) {
        self.steps_of(order).history.push(row);
    }

    /// Takes units from (negative) or gives them back to (positive) the stock of `sku`.
    pub(super) fn move_stock(&mut self, command: &OrderCommand, sku: &Sku, delta: i64) {
        if let Some(product) = self.batch.products.get_mut(sku) {
            product.available = product.available.saturating_add(delta);
        }
        let change = StockChange {
            sku: sku.clone(),
            delta,
            command: command.id,
            order: Some(command.order),
        };
        self.steps_of(command.order).stock.push(change);
    }

    fn steps_of(&mut self, order: OrderId) -> &mut Steps {
        self.steps.entry(order).or_insert_with(|| {
            self.touched.push(order);
            Steps::default()
        })
    }

    /// What is to be stored, in the order in which the orders were first touched.
    pub(super) fn close(mut self) -> Vec<Written> {
        let touched = std::mem::take(&mut self.touched);
        touched.into_iter().filter_map(|id| self.written(id)).collect()
    }

    fn written(&mut self, id: OrderId) -> Option<Written> {
        let Steps { new, history, stock } = self.steps.remove(&id)?;
        let order = self.batch.orders.get(&id)?.clone();
        Some(Written {
            order,
            new,
            history,
            stock,
        })
    }
}

fn says_the_same(last: &HistoryEntry, next: &HistoryEntry) -> bool {
    let said = |entry: &HistoryEntry| (entry.refused.clone(), entry.reason.clone(), entry.by.clone());
    next.refused.is_some() && said(last) == said(next)
}

/// The history entry that `step` makes. Its time is never before the entry it follows, whatever the clocks of two replicas say.
fn next_entry(order: &Order, command: &OrderCommand, step: &Step, now: Timestamp) -> HistoryEntry {
    let (state, reason, refused) = match *step {
        Step::To(state) => (state, None, None),
        Step::Refused(code) => (
            order.state,
            Some(Reason { code, line: None }),
            Some(command.action.verb().to_owned()),
        ),
    };
    HistoryEntry {
        version: order.version.next(),
        state,
        at: now.max(order.updated_at),
        by: command.actor.clone(),
        reason,
        refused,
        command: command.id,
    }
}
