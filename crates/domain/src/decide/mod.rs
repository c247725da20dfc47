//! The decision over a batch: pure, so that every promise can be tried without a server.

mod cancel;
mod desk;
mod erase;
mod products;
mod staff;
mod submit;

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

pub use products::decide_product;

use crate::access::Customer;
use crate::catalog::{CatalogEvent, Product};
use crate::commands::OrderCommand;
use crate::events::OrderEvent;
use crate::ids::{CommandId, OrderId};
use crate::order::{HistoryEntry, Order, Sku};

/// What a batch is decided over: what was loaded, and the commands in stream order.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The stored orders that the commands name.
    pub orders: HashMap<OrderId, Order>,
    /// The products that the commands' lines and the orders to be cancelled name.
    pub products: HashMap<Sku, Product>,
    /// Commands already handled, each with the events it caused then.
    pub handled: HashMap<CommandId, Vec<OrderEvent>>,
    /// Those of the orders' and the submissions' customers who were erased.
    pub erased: HashSet<Customer>,
    /// The commands, in the order of the stream.
    pub commands: Vec<OrderCommand>,
}

/// What is to become of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It took effect, now or (being a redelivery) before; these events tell it, oldest first.
    Effective(Vec<OrderEvent>),
    /// Its order is not stored yet: it waits.
    Early,
    /// It can never take effect: a dead letter with this reason and these words.
    Impossible {
        /// A stable word, e.g. `key_reused`.
        reason: &'static str,
        /// For the operator.
        why: String,
    },
}

/// A history row: the entry, and the event that tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    /// What stands in the order's history.
    pub entry: HistoryEntry,
    /// What is published.
    pub event: OrderEvent,
}

/// Units a command takes from (negative) or gives back to (positive) a product's stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockChange {
    /// Which product.
    pub sku: Sku,
    /// Units.
    pub delta: i64,
    /// The command that caused it: with the SKU the ledger's key.
    pub command: CommandId,
    /// The order it is for; none for a staff member's change.
    pub order: Option<OrderId>,
}

/// What is to be stored for one order that the batch touched.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The document as it is after the batch.
    pub order: Order,
    /// Whether it is to be inserted; an id that exists already fails the batch.
    pub new: bool,
    /// The versions it went through in the batch, oldest first.
    pub history: Vec<HistoryRow>,
    /// What it takes and gives back.
    pub stock: Vec<StockChange>,
}

/// The outcome of a batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decisions {
    /// What is to be stored, one entry per order touched.
    pub written: Vec<Written>,
    /// One verdict per command, in the order of [`Batch::commands`].
    pub verdicts: Vec<Verdict>,
}

impl Decisions {
    /// The sum of the stock changes per product, in SKU order.
    pub fn stock(&self) -> BTreeMap<&Sku, i64> {
        let mut sums = BTreeMap::new();
        for change in self.written.iter().flat_map(|written| &written.stock) {
            *sums.entry(&change.sku).or_default() += change.delta;
        }
        sums
    }
}

/// Decides `batch` at `now`. Orders, products and handled commands in it are moved on, so that later commands of the batch see them.
pub fn decide(batch: &mut Batch, now: Timestamp) -> Decisions {
    let commands = std::mem::take(&mut batch.commands);
    let mut desk = desk::Desk::over(batch, now);
    let verdicts = commands.iter().map(|command| desk.decide(command)).collect();
    let written = desk.close();
    batch.commands = commands;
    Decisions { written, verdicts }
}

/// What is to be stored for one command on a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductWritten {
    /// The product as it is after the command; none where the command was refused.
    pub product: Option<Product>,
    /// The change of its stock for the ledger.
    pub stock: Option<StockChange>,
    /// What is published.
    pub event: CatalogEvent,
}
