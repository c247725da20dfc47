//! `waybillctl products add|price|stock`: a wish, and what became of it.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use chassis::clock;
use domain::catalog::{AddProduct, ChangePrice, ChangeStock};
use domain::{Actor, CatalogAction, CatalogCommand, CatalogEvent, CommandId, Currency, Sku, Text, Version};
use messaging::commands::catalog_message;
use serde_json::json;
use storage::Storage;

use super::unknown;
use crate::args::WishArgs;
use crate::output::Console;
use crate::{NAME, amount, wait};

#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    /// Which product.
    #[arg(value_name = "SKU")]
    sku: Sku,
    /// Its name.
    #[arg(long, value_name = "TEXT")]
    name: Text<1, 200>,
    /// A few sentences.
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: Text<0, 2000>,
    /// The category it stands in.
    #[arg(long, value_name = "NAME")]
    category: Text<1, 60>,
    /// What one costs, e.g. 12.50.
    #[arg(long, value_name = "AMOUNT")]
    price: String,
    /// The currency of the price.
    #[arg(long, value_name = "CODE", default_value = "EUR")]
    currency: Currency,
    /// How many there are to begin with.
    #[arg(long, value_name = "N", default_value_t = 0)]
    stock: i64,
    /// File name of its picture among the shop's assets.
    #[arg(long, value_name = "FILE")]
    picture: Option<Text<1, 100>>,
    #[command(flatten)]
    wish: WishArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Price {
    /// Which product.
    #[arg(value_name = "SKU")]
    sku: Sku,
    /// What one costs from now on, e.g. 12.50.
    #[arg(value_name = "AMOUNT")]
    price: String,
    /// Another currency than the product has.
    #[arg(long, value_name = "CODE")]
    currency: Option<Currency>,
    /// The version that is edited; another one refuses the edit. The stored one when not given.
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    #[command(flatten)]
    wish: WishArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Stock {
    /// Which product.
    #[arg(value_name = "SKU")]
    sku: Sku,
    /// Units put in, or taken out: 20 or -5.
    #[arg(value_name = "UNITS", allow_negative_numbers = true)]
    delta: i64,
    #[command(flatten)]
    wish: WishArgs,
}

pub(crate) async fn add(args: Add, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let price = amount::read(&args.price, args.currency)?;
    let storage = args.wish.servers.database.connect(NAME, connecting).await?;
    let product = AddProduct {
        name: args.name,
        description: args.description,
        category: args.category,
        price,
        stock: args.stock,
        picture: args.picture,
    };
    Wish {
        storage,
        sku: args.sku,
        action: CatalogAction::Add(Box::new(product)),
        args: args.wish,
    }
    .send(connecting, console)
    .await
}

pub(crate) async fn price(
    args: Price,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    let storage = args.wish.servers.database.connect(NAME, connecting).await?;
    let stored = storage
        .product(&args.sku)
        .await?
        .with_context(|| unknown(&args.sku))?;
    let price = amount::read(&args.price, args.currency.unwrap_or(stored.price.currency))?;
    let version = args.version.map_or(stored.version, Version);
    let action = CatalogAction::Price(ChangePrice { price, version });
    Wish {
        storage,
        sku: args.sku,
        action,
        args: args.wish,
    }
    .send(connecting, console)
    .await
}

pub(crate) async fn stock(
    args: Stock,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    let storage = args.wish.servers.database.connect(NAME, connecting).await?;
    storage
        .product(&args.sku)
        .await?
        .with_context(|| unknown(&args.sku))?;
    let action = CatalogAction::Stock(ChangeStock { delta: args.delta });
    Wish {
        storage,
        sku: args.sku,
        action,
        args: args.wish,
    }
    .send(connecting, console)
    .await
}

/// What is asked of a product, and how.
struct Wish {
    storage: Storage,
    sku: Sku,
    action: CatalogAction,
    args: WishArgs,
}

impl Wish {
    async fn send(self, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
        let messaging = self.args.servers.nats.connect(NAME, connecting).await?;
        let command = CatalogCommand {
            id: CommandId::for_product(&self.sku, &self.args.key()?),
            sku: self.sku.clone(),
            actor: Actor::Staff(self.args.user.clone()),
            at: clock::now(),
            action: self.action.clone(),
        };
        let message = catalog_message(&command, messaging.name());
        messaging
            .publish(&message)
            .await
            .context("the command is not known to be stored; run it again with the same --key")?;
        if self.args.no_wait {
            let json = json!({ "sku": command.sku, "command": command.id, "outcome": "sent" });
            return console.answer(&json, || {
                format!(
                    "sent; `waybillctl products show {}` tells what became of it",
                    command.sku
                )
            });
        }
        let event = self.outcome(command.id).await?;
        report(&event, console)
    }

    async fn outcome(&self, id: CommandId) -> anyhow::Result<CatalogEvent> {
        let limit = self.args.timeout;
        let handled = wait::until(limit, async || {
            Ok(self.storage.catalog_events(&[id]).await?.pop())
        });
        handled.await?.ok_or_else(|| {
            anyhow!(
                "no outcome within {limit:?}; the command is stored and will be handled: is order-processor running? \
                 `waybillctl queues` and `waybillctl dead-letters list` say more"
            )
        })
    }
}

fn report(event: &CatalogEvent, console: &mut Console<'_>) -> anyhow::Result<()> {
    if let Some(reason) = &event.reason {
        bail!("{} was not changed: {}", event.sku, in_words(reason));
    }
    console.answer(event, || {
        format!(
            "{}: {} each, {} available (version {})",
            event.sku, event.price, event.available, event.version
        )
    })
}

/// A reason with what to do about it.
fn in_words(reason: &str) -> String {
    match reason {
        "exists" => {
            "a product of that SKU is for sale already; `waybillctl products price` and `stock` change it"
                .to_owned()
        }
        "stale_version" => {
            "it was edited meanwhile; look at it with `waybillctl products show` and try again".to_owned()
        }
        "negative_stock" => "there are fewer units than that".to_owned(),
        other => other.replace('_', " "),
    }
}
