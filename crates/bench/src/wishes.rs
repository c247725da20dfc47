//! What it costs to find the wishes that one event fulfils, by how many wishes there are.
//!
//! The shop grows with its customers: a product has always ten wishes on it by its SKU, a category ten by theirs, so that an event has the same
//! number of wishes to be told for. What is measured is the search, not the telling.

use std::fmt;
use std::io::Write;
use std::time::Duration;

use ::wishes::{Happened, Wish};
use anyhow::{Context, Result};
use chassis::clock;
use devstack::{Part, Stack, StackOptions};
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use storage::{ConnectOptions, Storage};
use tokio::time::Instant;
use uuid::Uuid;

use crate::Latency;
use crate::args::WishesArgs;

/// As the hub reads them.
const PAGE: u32 = 1000;
const PER_PRODUCT: u64 = 10;
const PER_CATEGORY: u64 = 50;
const FILLED_AT_ONCE: u64 = 5000;
const TOPIC: &str = "catalog.restocked";

/// What one size came to.
struct Line {
    wishes: u64,
    asked: u64,
    fit: u64,
    search: Latency,
    /// One event asked of all conditions, each read anew, without a database.
    all: Duration,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
        write!(
            f,
            "{:>9} {:>13} {:>13} {:>12} {:>12} {:>14}",
            self.wishes,
            self.asked,
            self.fit,
            millis(self.search.quantile(0.5)),
            millis(self.search.quantile(0.99)),
            millis(self.all)
        )
    }
}

/// Fills a database step by step, searches it for events at each step, and prints a line for it.
///
/// # Errors
/// Where a stack can't be started.
pub async fn run(args: &WishesArgs, out: &mut (dyn Write + Send)) -> Result<()> {
    let parts = Part::SERVICES.into_iter().chain([Part::PushSandbox]);
    let options = parts.fold(StackOptions::for_test()?, StackOptions::without);
    let stack = Stack::start(options).await?;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect(stack.database_url())
        .await?;
    let options = ConnectOptions {
        url: stack.database_url().to_owned().into(),
        name: "bench".into(),
        max_connections: 1,
        timeout: Duration::from_secs(30),
    };
    let storage = Box::pin(Storage::connect(options)).await?;
    let titles = ["wishes", "asked/event", "fit/event", "p50", "p99", "asking all"];
    let [wishes, asked, fit, half, most, all] = titles;
    writeln!(
        out,
        "{wishes:>9} {asked:>13} {fit:>13} {half:>12} {most:>12} {all:>14}"
    )?;
    for &size in &args.sizes {
        fill(&pool, size).await?;
        writeln!(out, "{}", measure(&storage, size, args.events).await?)?;
        out.flush()?;
    }
    pool.close().await;
    stack.stop().await;
    Ok(())
}

/// The condition of the wish of this number among `size`.
fn condition(number: u64, size: u64) -> String {
    let (products, categories) = (products(size), categories(size));
    if number.is_multiple_of(10) {
        let category = number / 10 % categories;
        let next = (category + 1) % categories;
        return format!("price_minor < 2000 AND category IN ('c-{category}', 'c-{next}')");
    }
    let sku = number % products;
    match number % 3 {
        0 => format!("sku = 's-{sku}'"),
        1 => format!("sku = 's-{sku}' AND price_minor < 2500"),
        _ => format!("currency = 'EUR' AND sku IN ('s-{sku}', 'x-{sku}')"),
    }
}

fn products(size: u64) -> u64 {
    (size / PER_PRODUCT).max(1)
}

fn categories(size: u64) -> u64 {
    (size / PER_CATEGORY).max(1)
}

fn event(number: u64, size: u64) -> Result<Happened> {
    let (sku, category) = (number % products(size), number % categories(size));
    let happened = Happened::of(json!({
        "entity": "catalog", "verb": "stock-changed", "time": "2026-11-21T10:00:00Z", "sku": format!("s-{sku}"),
        "name": format!("Product {sku}"), "category": format!("c-{category}"), "version": 3,
        "price": { "minor": 1000 + number % 2000, "currency": "EUR" }, "available": 5,
        "was": { "price": { "minor": 1000, "currency": "EUR" }, "available": 0 },
    }));
    happened.context("nobody hears of the event")
}

/// Puts `size` wishes in place of those there are, as the front door files them.
async fn fill(pool: &PgPool, size: u64) -> Result<()> {
    sqlx::query("TRUNCATE wishes, wish_keys").execute(pool).await?;
    for first in (0..size).step_by(usize::try_from(FILLED_AT_ONCE)?) {
        let (mut ids, mut conditions) = (Vec::new(), Vec::new());
        let (mut keys, mut filed) = (Vec::new(), Vec::new());
        for number in first..size.min(first + FILLED_AT_ONCE) {
            let (id, condition) = (clock::random_id(), condition(number, size));
            for key in Wish::parse(TOPIC, Some(&condition))?.keys() {
                keys.push(key);
                filed.push(id);
            }
            ids.push(id);
            conditions.push(condition);
        }
        insert(pool, &ids, &conditions).await?;
        sqlx::query("INSERT INTO wish_keys (key, wish) SELECT * FROM unnest($1::bigint[], $2::uuid[])")
            .bind(&keys)
            .bind(&filed)
            .execute(pool)
            .await?;
    }
    sqlx::query("ANALYZE wishes, wish_keys").execute(pool).await?;
    Ok(())
}

async fn insert(pool: &PgPool, ids: &[Uuid], conditions: &[String]) -> Result<()> {
    sqlx::query(
        "INSERT INTO wishes (id, customer, topic, condition, created_at)
         SELECT id, 'guest:' || gen_random_uuid(), $3, condition, now() FROM unnest($1::uuid[], $2::text[]) AS made (id, condition)",
    )
    .bind(ids)
    .bind(conditions)
    .bind(TOPIC)
    .execute(pool)
    .await?;
    Ok(())
}

async fn measure(storage: &Storage, size: u64, events: u64) -> Result<Line> {
    let (mut asked, mut fit, search) = (0, 0, Latency::new()?);
    for number in 0..events {
        // Spread over the shop, so that no event finds warm what the one before it read.
        let event = event(number * 7919, size)?;
        let began = Instant::now();
        let (these, fitting) = find(storage, &event).await?;
        search.record(began.elapsed());
        asked += these;
        fit += fitting;
    }
    Ok(Line {
        wishes: size,
        asked: asked / events,
        fit: fit / events,
        search,
        all: ask_all(size)?,
    })
}

/// How many wishes were read and asked, and how many of them fit.
async fn find(storage: &Storage, event: &Happened) -> Result<(u64, u64)> {
    let (keys, mut after) = (event.keys(), None);
    let (mut asked, mut fit) = (0, 0);
    loop {
        let page = storage.wishes_under(&keys, after, PAGE).await?;
        for wish in &page {
            asked += 1;
            fit += u64::from(event.fits(&wish.topic, wish.condition.as_deref())?);
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = Some(last.id),
            _ => return Ok((asked, fit)),
        }
    }
}

fn ask_all(size: u64) -> Result<Duration> {
    let conditions: Vec<_> = (0..size).map(|number| condition(number, size)).collect();
    let (event, began) = (event(7, size)?, Instant::now());
    let mut fit = 0;
    for condition in &conditions {
        fit += u64::from(event.fits(TOPIC, Some(condition))?);
    }
    let took = began.elapsed();
    std::hint::black_box(fit);
    Ok(took)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_same_number_of_wishes_whatever_the_size() {
        for size in [1_000, 10_000] {
            let event = event(3, size).unwrap();
            let keys = event.keys();
            let wishes = (0..size).map(|number| Wish::parse(TOPIC, Some(&condition(number, size))).unwrap());
            let found = wishes
                .filter(|wish| wish.keys().iter().any(|key| keys.contains(key)))
                .count();
            assert!((12..=22).contains(&found), "{found} of {size}");
        }
    }
}
