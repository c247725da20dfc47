//! `waybillctl seed`: a small real shop.

use std::time::Duration;

use anyhow::{Context, bail};
use chassis::args::duration;
use chassis::clock;
use domain::catalog::AddProduct;
use domain::{Actor, CatalogAction, CatalogCommand, CatalogEvent, CommandId, IdempotencyKey, Sku};
use messaging::Messaging;
use messaging::commands::catalog_message;
use serde::Deserialize;
use serde_json::json;
use storage::Storage;

use crate::args::ServersArgs;
use crate::output::Console;
use crate::{NAME, wait};

const PRODUCTS: &str = include_str!("../seed/products.json");
const KEY: &str = "seed";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    servers: ServersArgs,

    /// How long to wait until the processor has stored them, e.g. 60s.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    timeout: Duration,
}

/// One entry of the seed list.
#[derive(Debug, Deserialize)]
struct Entry {
    sku: Sku,
    #[serde(flatten)]
    product: AddProduct,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let commands = commands()?;
    let ids: Vec<CommandId> = commands.iter().map(|command| command.id).collect();
    let storage = args.servers.database.connect(NAME, connecting).await?;
    let before = storage.catalog_events(&ids).await?;
    let missing: Vec<_> = commands
        .iter()
        .filter(|command| before.iter().all(|event| event.command != command.id))
        .collect();
    if !missing.is_empty() {
        send(&args.servers.nats.connect(NAME, connecting).await?, &missing).await?;
    }
    let events = stored(&storage, &ids, args.timeout).await?;
    let kept = events
        .iter()
        .filter(|event| event.reason.as_deref() == Some("exists"))
        .count();
    refuse_others(&events)?;
    let (added, all) = (missing.len(), ids.len());
    console.answer(
        &json!({ "products": all, "added": added, "already_there": all - added, "kept": kept }),
        || match added {
            0 => format!("the {all} products of the seed catalog are there already"),
            _ => format!("{added} products added, {} were there already", all - added),
        },
    )
}

fn commands() -> anyhow::Result<Vec<CatalogCommand>> {
    let key: IdempotencyKey = KEY.parse()?;
    let entries: Vec<Entry> = serde_json::from_str(PRODUCTS).context("the seed list can't be read")?;
    let command = |entry: Entry| CatalogCommand {
        id: CommandId::for_product(&entry.sku, &key),
        sku: entry.sku,
        actor: Actor::Staff(KEY.into()),
        at: clock::now(),
        action: CatalogAction::Add(Box::new(entry.product)),
    };
    Ok(entries.into_iter().map(command).collect())
}

async fn send(messaging: &Messaging, commands: &[&CatalogCommand]) -> anyhow::Result<()> {
    let messages: Vec<_> = commands
        .iter()
        .map(|command| catalog_message(command, messaging.name()))
        .collect();
    for published in messaging.publish_all(&messages).await {
        published.context("not every product was sent; run `waybillctl seed` again")?;
    }
    Ok(())
}

async fn stored(storage: &Storage, ids: &[CommandId], limit: Duration) -> anyhow::Result<Vec<CatalogEvent>> {
    let mut count = 0;
    let all = wait::until(limit, async || {
        let events = storage.catalog_events(ids).await?;
        count = events.len();
        Ok((events.len() == ids.len()).then_some(events))
    });
    match all.await? {
        Some(events) => Ok(events),
        None => bail!(
            "only {count} of {} products were stored within {limit:?}; the others wait in CATALOG: \
             is order-processor running? `waybillctl queues` and `waybillctl dead-letters list` say more",
            ids.len()
        ),
    }
}

fn refuse_others(events: &[CatalogEvent]) -> anyhow::Result<()> {
    let refused = events
        .iter()
        .find(|event| event.reason.as_deref().is_some_and(|reason| reason != "exists"));
    match refused {
        Some(event) => bail!(
            "{} was refused: {}",
            event.sku,
            event.reason.as_deref().unwrap_or_default()
        ),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_seed_is_thirty_products_with_pictures_of_their_own() {
        let commands = commands().unwrap();
        let skus: BTreeSet<_> = commands.iter().map(|command| &command.sku).collect();
        assert_eq!((commands.len(), skus.len()), (30, 30));
        for command in &commands {
            let CatalogAction::Add(product) = &command.action else {
                panic!("{command:?}")
            };
            assert_eq!(
                product.picture.as_ref().unwrap().as_str(),
                format!("{}.svg", command.sku)
            );
            assert!(product.price.minor > 0 && product.stock > 0);
        }
    }
}
