//! `waybillctl products …`

mod change;

use std::time::Duration;

use anyhow::Context;
use chassis::args::DatabaseArgs;
use domain::{Product, Sku, Text};
use storage::ProductFilter;

use crate::NAME;
use crate::output::{Console, fields, or_dash, table};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the catalog in SKU order.
    List(List),
    /// Show one product.
    Show(Show),
    /// Put a product up for sale.
    Add(change::Add),
    /// Change a product's price.
    Price(change::Price),
    /// Put units in, or take them out.
    Stock(change::Stock),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    database: DatabaseArgs,

    /// Only this category.
    #[arg(long, value_name = "NAME")]
    category: Option<Text<1, 60>>,

    /// The most products to list.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    #[command(flatten)]
    database: DatabaseArgs,

    /// Which product.
    #[arg(value_name = "SKU")]
    sku: Sku,
}

pub(crate) async fn run(
    command: Command,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    match command {
        Command::List(args) => list(&args, connecting, console).await,
        Command::Show(args) => show(&args, connecting, console).await,
        Command::Add(args) => change::add(args, connecting, console).await,
        Command::Price(args) => change::price(args, connecting, console).await,
        Command::Stock(args) => change::stock(args, connecting, console).await,
    }
}

async fn list(args: &List, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = args.database.connect(NAME, connecting).await?;
    let filter = ProductFilter {
        category: args.category.clone(),
        ..ProductFilter::default()
    };
    let products = storage.products(&filter, None, args.limit).await?.products;
    console.answer(&products, || {
        let row = |product: &Product| {
            [
                product.sku.to_string(),
                product.name.to_string(),
                product.category.to_string(),
                product.price.to_string(),
                product.available.to_string(),
                product.version.to_string(),
            ]
        };
        let heading = ["sku", "name", "category", "price", "available", "version"];
        table(
            heading,
            products.iter().map(row).collect(),
            "no products; `waybillctl seed` adds thirty",
        )
    })
}

async fn show(args: &Show, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = args.database.connect(NAME, connecting).await?;
    let product = storage
        .product(&args.sku)
        .await?
        .with_context(|| unknown(&args.sku))?;
    console.answer(&product, || {
        fields(vec![
            ("sku", product.sku.to_string()),
            ("name", product.name.to_string()),
            ("description", product.description.to_string()),
            ("category", product.category.to_string()),
            ("price", product.price.to_string()),
            ("available", product.available.to_string()),
            ("picture", or_dash(product.picture.as_ref())),
            ("version", product.version.to_string()),
        ])
    })
}

fn unknown(sku: &Sku) -> String {
    format!("there is no product {sku}; `waybillctl products list` names them")
}
