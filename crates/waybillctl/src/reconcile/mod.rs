//! `waybillctl reconcile`

mod compare;
mod products;

use std::collections::HashSet;
use std::time::Duration;

use anyhow::bail;
use domain::OrderId;
use messaging::dead_letters::Letters;
use messaging::topology::{AUDIT, EVENTS, ORDERS};
use messaging::{DeadLetters, Messaging};
use serde_json::json;
use storage::Storage;
use storage::history::Slice;
use tokio::time::sleep;

use crate::NAME;
use crate::args::ServersArgs;
use crate::output::{Console, or_dash, table};
use compare::{Difference, Look};
use products::ProductDifference;

/// Before a second look: what was on its way has arrived, and what is sourced was copied.
const SECOND_LOOK: Duration = Duration::from_secs(2);
/// How many letters are read at once.
const PAGE: usize = 1000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    servers: ServersArgs,

    /// Publish what is missing, under the same ids.
    #[arg(long)]
    heal: bool,

    /// How many orders to compare at once: more need more memory (about 2 KiB each), fewer read the streams more often.
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..))]
    orders_at_once: u32,
}

/// What was found so far.
#[derive(Default)]
struct Findings {
    versions: usize,
    events: usize,
    audited: usize,
    waiting: usize,
    waiting_handled: usize,
    differences: Vec<Difference>,
    healed: usize,
    products: Vec<ProductDifference>,
    products_healed: usize,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = args.servers.database.connect(NAME, connecting).await?;
    let messaging = args.servers.nats.connect(NAME, connecting).await?;
    let mut findings = Findings::default();
    findings.of_products(&storage, &messaging, args.heal).await?;
    let mut after = None;
    loop {
        let slice = storage.slice_after(after, args.orders_at_once).await?;
        findings
            .of_orders(&storage, &messaging, &slice, args.heal)
            .await?;
        match slice.through {
            Some(through) => after = Some(through),
            None => break,
        }
    }
    findings.show(console)?;
    match findings.left() {
        0 => Ok(()),
        left if args.heal => bail!("{left} differences can't be healed by publishing"),
        left => bail!("{left} differences; `--heal` publishes what is missing"),
    }
}

impl Findings {
    async fn of_products(
        &mut self,
        storage: &Storage,
        messaging: &Messaging,
        heal: bool,
    ) -> anyhow::Result<()> {
        let mut found = products::Look::take(storage, messaging).await?.differences();
        if !found.is_empty() {
            sleep(SECOND_LOOK).await;
            let again = products::Look::take(storage, messaging).await?.differences();
            found.retain(|difference| again.contains(difference));
        }
        for event in found.iter().filter_map(|one| one.event.as_ref()).filter(|_| heal) {
            messaging.tell_again_of_product(event).await?;
            self.products_healed += 1;
        }
        self.products = found;
        Ok(())
    }

    async fn of_orders(
        &mut self,
        storage: &Storage,
        messaging: &Messaging,
        slice: &Slice,
        heal: bool,
    ) -> anyhow::Result<()> {
        let (look, found) = agreed(storage, messaging, slice).await?;
        for event in found.iter().filter_map(|one| one.event.as_ref()).filter(|_| heal) {
            messaging.tell_again(event).await?;
            self.healed += 1;
        }
        self.versions += look.history.len();
        self.events += look.events.events.len();
        self.audited += look.audit.events.len();
        self.waiting += look.waiting.len();
        self.waiting_handled += look.handled();
        self.differences.extend(found);
        Ok(())
    }

    /// How many differences are left.
    fn left(&self) -> usize {
        self.differences.len() + self.products.len() - self.healed - self.products_healed
    }

    fn show(&self, console: &mut Console<'_>) -> anyhow::Result<()> {
        let answer = json!({
            "versions": self.versions, "events": self.events, "audited": self.audited,
            "waiting": self.waiting, "waiting_handled": self.waiting_handled,
            "differences": self.differences, "healed": self.healed,
            "product_differences": self.products, "products_healed": self.products_healed,
        });
        console.answer(&answer, || {
            let orders = self.differences.iter().map(row).collect::<Vec<_>>();
            let products = self
                .products
                .iter()
                .map(ProductDifference::row)
                .collect::<Vec<_>>();
            let tables = [("order", orders), ("product", products)]
                .into_iter()
                .filter(|(_, rows)| !rows.is_empty())
                .map(|(of, rows)| table([of, "version", "became", "difference"], rows, ""));
            match tables.collect::<Vec<_>>() {
                tables if tables.is_empty() => "store and streams agree".to_owned(),
                tables => tables.join("\n\n"),
            }
        })
    }
}

fn row(difference: &Difference) -> [String; 4] {
    let became = difference.event.as_ref().map(domain::OrderEvent::verb);
    [
        difference.order.to_string(),
        difference.version.0.to_string(),
        or_dash(became),
        difference.what.words().into(),
    ]
}

/// What two looks find, where the first finds anything: between two reads of one look things move.
async fn agreed(
    storage: &Storage,
    messaging: &Messaging,
    slice: &Slice,
) -> anyhow::Result<(Look, Vec<Difference>)> {
    let first = look(storage, messaging, slice).await?;
    let mut differences = first.differences();
    if differences.is_empty() {
        return Ok((first, differences));
    }
    drop(first);
    sleep(SECOND_LOOK).await;
    let second = look(storage, messaging, slice).await?;
    let again = second.differences();
    differences.retain(|difference| again.contains(difference));
    Ok((second, differences))
}

/// The store first: what it holds and no command reminds of was published before.
async fn look(storage: &Storage, messaging: &Messaging, slice: &Slice) -> anyhow::Result<Look> {
    let at = chassis::clock::now();
    let steps = storage.history_of(slice).await?.into_iter();
    let of = |order| slice.has(order);
    Ok(Look {
        at,
        history: steps.map(|step| (step.command.to_string(), step.event)).collect(),
        waiting: messaging.waiting(of).await?,
        given_up: given_up(messaging, slice).await?,
        events: messaging.told(EVENTS, of).await?,
        audit: messaging.told(AUDIT, of).await?,
    })
}

/// The orders of `slice` of which a command is a dead letter.
async fn given_up(messaging: &Messaging, slice: &Slice) -> anyhow::Result<HashSet<OrderId>> {
    let letters = DeadLetters::new(messaging.clone());
    let (mut orders, mut from) = (HashSet::new(), 0);
    loop {
        let wanted = Letters {
            from,
            stream: Some(ORDERS.into()),
            ..Letters::default()
        };
        let page = letters.find(&wanted, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(orders);
        };
        from = last.sequence + 1;
        let ids = page
            .iter()
            .filter_map(|letter| letter.subject.rsplit('.').next()?.parse().ok());
        orders.extend(ids.filter(|order| slice.has(*order)));
    }
}
