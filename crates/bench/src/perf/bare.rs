//! Floors: the same bytes to the same servers with nothing around them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};
use async_nats::{HeaderMap, jetstream};
use bytes::Bytes;
use chassis::clock;
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::Latency;

const STREAM: &str = "FLOOR";
/// Of one insert; the processor's batches are of this order.
const BATCH: usize = 100;

/// Makes the stream and the table that floors are measured with.
pub(super) async fn prepare(jetstream: &jetstream::Context, pool: &PgPool) -> Result<()> {
    let config = Config {
        name: STREAM.into(),
        subjects: vec!["floor.>".into()],
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        duplicate_window: Duration::from_secs(600),
        ..Config::default()
    };
    jetstream.create_stream(config).await?;
    sqlx::query("CREATE TABLE floor (id uuid PRIMARY KEY, customer text NOT NULL, document jsonb NOT NULL)")
        .execute(pool)
        .await?;
    Ok(())
}

/// Publishes `count` messages with this body, so many at once, and tells how many are stored in a second.
pub(super) async fn publish(
    jetstream: &jetstream::Context,
    body: &Bytes,
    count: usize,
    in_flight: usize,
) -> Result<f64> {
    let room = Arc::new(Semaphore::new(in_flight));
    let (begun, mut tasks) = (Instant::now(), tokio::task::JoinSet::new());
    for _ in 0..count {
        let permit = Arc::clone(&room).acquire_owned().await?;
        let (jetstream, body) = (jetstream.clone(), body.clone());
        tasks.spawn(async move {
            let _permit = permit;
            one_publish(&jetstream, body).await
        });
        while let Some(done) = tasks.try_join_next() {
            done??;
        }
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(count as f64 / begun.elapsed().as_secs_f64())
}

/// With headers of the size that a command has.
async fn one_publish(jetstream: &jetstream::Context, body: Bytes) -> Result<()> {
    let id = clock::random_id().to_string();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("Nats-Msg-Id", format!("{id}:1")),
        ("ce-specversion", "1.0".into()),
        ("ce-id", format!("{id}:1")),
        ("ce-type", "order.submit.v1".into()),
        ("ce-source", "rest-api".into()),
        ("ce-time", "2026-01-01T00:00:00.000000Z".into()),
        ("content-type", "application/json".into()),
        ("Waybill-Actor", format!("guest:{id}")),
        ("Waybill-Correlation-Id", id.clone()),
    ] {
        headers.insert(name, value.as_str());
    }
    let subject = format!("floor.p00.submit.{id}");
    jetstream
        .publish_with_headers(subject, headers, body)
        .await?
        .await?;
    Ok(())
}

/// Inserts `count` copies of a document in batches over one connection, and tells how many are stored in a second.
pub(super) async fn insert(pool: &PgPool, document: &str, count: usize) -> Result<f64> {
    sqlx::query("TRUNCATE floor").execute(pool).await?;
    let begun = Instant::now();
    for _ in 0..count.div_ceil(BATCH) {
        one_insert(pool, document, BATCH).await?;
    }
    Ok((count.div_ceil(BATCH) * BATCH) as f64 / begun.elapsed().as_secs_f64())
}

async fn one_insert(pool: &PgPool, document: &str, rows: usize) -> Result<()> {
    let ids: Vec<_> = (0..rows).map(|_| clock::random_id()).collect();
    let customers: Vec<_> = ids.iter().map(|id| format!("guest:{id}")).collect();
    sqlx::query("INSERT INTO floor SELECT id, customer, document::jsonb FROM UNNEST($1, $2, $3) AS row (id, customer, document)")
        .bind(&ids)
        .bind(&customers)
        .bind(vec![document; rows])
        .execute(pool)
        .await?;
    Ok(())
}

/// How long one publish, one commit and one delivery take, one after the other.
pub(super) async fn sequence(
    jetstream: &jetstream::Context,
    client: &async_nats::Client,
    pool: &PgPool,
    (body, document): (&Bytes, &str),
    times: u32,
) -> Result<Latency> {
    use futures_util::StreamExt;

    let latency = Latency::new()?;
    let mut deliveries = client.subscribe("floor-delivery").await?;
    client.flush().await?;
    for _ in 0..times {
        let begun = Instant::now();
        one_publish(jetstream, body.clone()).await?;
        one_insert(pool, document, 1).await?;
        client.publish("floor-delivery", body.clone()).await?;
        deliveries.next().await;
        latency.record(begun.elapsed());
    }
    Ok(latency)
}
