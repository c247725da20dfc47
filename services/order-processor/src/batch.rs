//! Commands on orders: one batch, one transaction, then the cache, then the events.

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

use chassis::clock;
use domain::decide::{Batch, Decisions, Verdict, decide};
use domain::{
    CommandId, Customer, OrderAction, OrderCommand, OrderEvent, OrderId, OrderState, Partition, Sku,
};
use jiff::Timestamp;
use messaging::{Delivery, Handler, HandlerError, Messaging, Outcome};
use storage::{Storage, StorageError, Transaction};

use crate::announce::Announcement;
use crate::attempts::stored;
use crate::caching::Refresh;
use crate::faults::FaultDrill;
use crate::reading::{Readings, in_order};

/// How far back `EVENTS` recognises an event it has: younger versions are published again, older ones were published long ago.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(600);

/// How long a command waits for its order to be stored, counted from when it was sent.
const PATIENCE: Duration = Duration::from_secs(600);

/// How long it waits between looks.
const EARLY_WAIT: Duration = Duration::from_secs(1);

/// Handles commands on orders.
#[derive(Debug)]
pub(crate) struct OrdersHandler {
    pub(crate) storage: Storage,
    pub(crate) messaging: Messaging,
    pub(crate) refresh: Refresh,
    pub(crate) drill: FaultDrill,
}

/// A batch that is stored.
struct Stored {
    batch: Batch,
    decisions: Decisions,
    /// What the touched orders told within the duplicate window before this batch.
    earlier: Vec<OrderEvent>,
}

impl Handler for OrdersHandler {
    async fn handle(&self, batch: &[Delivery]) -> Result<Vec<Outcome>, HandlerError> {
        let begun = Instant::now();
        let Readings {
            commands,
            settled: mut outcomes,
        } = Readings::of(batch);
        let (places, commands): (Vec<usize>, Vec<OrderCommand>) = commands.into_iter().unzip();
        if !commands.is_empty() {
            let now = clock::now();
            commands.iter().for_each(|command| self.drill.survive(command));
            let stored = self.store(commands, now).await.map_err(|error| stored(&error))?;
            count(&stored.decisions);
            self.refresh.orders(effective(&stored)).await;
            announcement(&stored, &places, batch)
                .publish(&self.messaging)
                .await?;
            outcomes.extend(places.into_iter().zip(outcomes_of(&stored, now)));
        }
        metrics::histogram!("order_batch_commands").record(batch.len() as f64);
        metrics::histogram!("order_batch_seconds").record(begun.elapsed().as_secs_f64());
        Ok(in_order(batch.len(), outcomes))
    }
}

impl OrdersHandler {
    /// Loads, decides and writes in one transaction.
    async fn store(&self, commands: Vec<OrderCommand>, now: Timestamp) -> Result<Stored, StorageError> {
        let partitions: BTreeSet<Partition> =
            commands.iter().map(|command| command.order.partition()).collect();
        let mut transaction = self.storage.begin(&partitions).await?;
        let mut batch = load(&mut transaction, commands).await?;
        let earlier = earlier(&mut transaction, &batch, now).await?;
        let decisions = decide(&mut batch, now);
        if !decisions.written.is_empty() {
            transaction.write(&decisions).await?;
        }
        transaction.commit().await?;
        Ok(Stored {
            batch,
            decisions,
            earlier,
        })
    }
}

/// Everything the decision needs: orders first, then the products they and the submissions name, locked in SKU order.
async fn load(transaction: &mut Transaction<'_>, commands: Vec<OrderCommand>) -> Result<Batch, StorageError> {
    let ids: BTreeSet<OrderId> = commands.iter().map(|command| command.order).collect();
    let orders = transaction.orders(&Vec::from_iter(ids)).await?;
    let mut batch = Batch {
        orders,
        commands,
        ..Batch::default()
    };
    // Only a command whose order is stored can have been handled before: fresh submissions save the question.
    let known = batch
        .commands
        .iter()
        .filter(|command| batch.orders.contains_key(&command.order));
    let known: BTreeSet<CommandId> = known.map(|command| command.id).collect();
    if !known.is_empty() {
        batch.handled = transaction.handled(&Vec::from_iter(known)).await?;
    }
    batch.erased = transaction.erased(&Vec::from_iter(customers(&batch))).await?;
    batch.products = transaction.lock_products(&skus(&batch)).await?;
    Ok(batch)
}

/// Whose orders the batch is about.
fn customers(batch: &Batch) -> BTreeSet<Customer> {
    let stored = batch.orders.values().map(|order| order.customer);
    let submitted = batch.commands.iter().filter_map(|command| match &command.action {
        OrderAction::Submit(submit) => Some(submit.customer),
        _ => None,
    });
    stored.chain(submitted).collect()
}

/// What the stored orders of the batch told within the duplicate window.
async fn earlier(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    now: Timestamp,
) -> Result<Vec<OrderEvent>, StorageError> {
    if batch.orders.is_empty() {
        return Ok(Vec::new());
    }
    let stored: Vec<OrderId> = batch.orders.keys().copied().collect();
    transaction.events_since(&stored, now - DUPLICATE_WINDOW).await
}

/// The products whose price or stock the batch may need.
fn skus(batch: &Batch) -> BTreeSet<Sku> {
    let mut skus = BTreeSet::new();
    for command in &batch.commands {
        match (&command.action, batch.orders.get(&command.order)) {
            (OrderAction::Submit(submit), None) => {
                skus.extend(submit.lines.iter().map(|line| line.sku.clone()));
            }
            (OrderAction::Cancel(_), Some(order)) => {
                skus.extend(order.lines.iter().map(|line| line.sku.clone()));
            }
            _ => {}
        }
    }
    skus
}

/// The orders that took effect, now or before: what a crash kept from the cache gets there with the redelivery.
fn effective(stored: &Stored) -> impl Iterator<Item = &domain::Order> {
    let ids: HashSet<OrderId> = touched(stored).collect();
    stored
        .batch
        .orders
        .values()
        .filter(move |order| ids.contains(&order.id))
}

fn touched(stored: &Stored) -> impl Iterator<Item = OrderId> {
    let commands = stored.batch.commands.iter().zip(&stored.decisions.verdicts);
    commands
        .filter(|(_, verdict)| matches!(verdict, Verdict::Effective(_)))
        .map(|(command, _)| command.order)
}

/// What is to be told: the batch's own events, and before them those of the same orders that a crash may have held back.
fn announcement(stored: &Stored, places: &[usize], batch: &[Delivery]) -> Announcement {
    let mut announcement = Announcement::default();
    for (verdict, place) in stored.decisions.verdicts.iter().zip(places) {
        if let Verdict::Effective(events) = verdict {
            events
                .iter()
                .for_each(|event| announcement.caused(event, &batch[*place]));
        }
    }
    let touched: HashSet<OrderId> = touched(stored).collect();
    let earlier = stored
        .earlier
        .iter()
        .filter(|event| touched.contains(&event.order));
    earlier.for_each(|event| announcement.earlier(event));
    announcement
}

fn outcomes_of(stored: &Stored, now: Timestamp) -> impl Iterator<Item = Outcome> {
    let commands = stored.batch.commands.iter().zip(&stored.decisions.verdicts);
    commands.map(move |(command, verdict)| outcome(command, verdict, now))
}

fn outcome(command: &OrderCommand, verdict: &Verdict, now: Timestamp) -> Outcome {
    let why = || format!("order {} is not stored", command.order);
    match verdict {
        Verdict::Effective(_) => Outcome::Done,
        Verdict::Early if command.at < now - PATIENCE => Outcome::Reject {
            reason: "no_such_order",
            why: why(),
        },
        Verdict::Early => Outcome::Wait {
            after: EARLY_WAIT,
            why: why(),
        },
        Verdict::Impossible { reason, why } => Outcome::Reject {
            reason,
            why: why.clone(),
        },
    }
}

/// Counts and logs what was decided.
fn count(decisions: &Decisions) {
    for row in decisions.written.iter().flat_map(|written| &written.history) {
        let event = &row.event;
        metrics::counter!("order_versions_total", "became" => event.verb()).increment(1);
        if event.state != OrderState::Submitted {
            let (id, version) = (event.order, event.version);
            tracing::info!(order.id = %id, order.version = version.0, by = kind(event), "order {}", event.verb());
        }
    }
}

/// Who asked, without saying which customer.
fn kind(event: &OrderEvent) -> &'static str {
    match event.by {
        domain::Actor::Customer(_) => "customer",
        domain::Actor::Staff(_) => "staff",
        domain::Actor::System(_) => "system",
    }
}
