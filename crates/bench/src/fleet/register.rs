//! Devices that the sandbox makes, registered past the front door.

use anyhow::{Context, Result, ensure};
use devstack::Stack;
use domain::Customer;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use sqlx::Connection;
use sqlx::types::{Json, Uuid};
use storage::Channel;

/// The platforms there may be; one that the sandbox does not speak is left out.
const PLATFORMS: [&str; 4] = ["apns", "fcm", "wns", "webpush"];
/// Rows of one insert.
const CHUNK: usize = 5_000;

/// A line of the sandbox for a device that was made.
#[derive(Deserialize)]
pub(super) struct Made {
    pub(super) id: String,
    installation_id: Uuid,
    platform: String,
    #[serde(deserialize_with = "channel")]
    channel: Channel,
}

/// As a device gives it: a browser puts its keys together.
fn channel<'de, D: Deserializer<'de>>(from: D) -> Result<Channel, D::Error> {
    let mut given = Value::deserialize(from)?;
    if let Some(Value::Object(keys)) = given.get_mut("keys").map(Value::take) {
        for (name, key) in keys {
            given[name] = key;
        }
    }
    serde_json::from_value(given).map_err(serde::de::Error::custom)
}

/// Makes `count` devices, as many on each platform, one of each after the other.
pub(super) async fn make(http: &reqwest::Client, sandbox: &str, count: usize) -> Result<Vec<Made>> {
    let mut spoken = Vec::new();
    for platform in PLATFORMS {
        if made(http, sandbox, platform, 0).await?.is_some() {
            spoken.push(platform);
        }
    }
    ensure!(!spoken.is_empty(), "the sandbox speaks no platform");
    let mut each = Vec::new();
    for (place, platform) in spoken.iter().enumerate() {
        let share = (count + spoken.len() - 1 - place) / spoken.len();
        let devices = made(http, sandbox, platform, share).await?;
        each.push(devices.context("a platform that is spoken no more")?.into_iter());
    }
    // Each customer has devices of every kind.
    let mut devices = Vec::with_capacity(count);
    while devices.len() < count {
        devices.extend(each.iter_mut().filter_map(Iterator::next));
    }
    Ok(devices)
}

/// Devices that the sandbox has made; none where it does not speak the platform.
async fn made(
    http: &reqwest::Client,
    sandbox: &str,
    platform: &str,
    count: usize,
) -> Result<Option<Vec<Made>>> {
    let request = http
        .post(format!("{sandbox}/devices/bulk"))
        .json(&json!({ "platform": platform, "count": count }));
    let response = request.send().await?;
    if response.status() == reqwest::StatusCode::BAD_REQUEST {
        return Ok(None);
    }
    let lines = response.error_for_status()?.text().await?;
    let devices = lines.lines().map(serde_json::from_str);
    Ok(Some(devices.collect::<Result<_, _>>()?))
}

/// Registers the devices as the front door would, many at once.
pub(super) async fn insert(
    stack: &Stack,
    devices: &[Made],
    customers: &[Customer],
    of_each: usize,
) -> Result<()> {
    let mut connection = sqlx::PgConnection::connect(stack.database_url()).await?;
    let mut number = 0;
    for devices in devices.chunks(CHUNK) {
        let owners: Vec<_> = (number..number + devices.len())
            .map(|number| customers[number / of_each].to_string())
            .collect();
        number += devices.len();
        let ids: Vec<_> = devices.iter().map(|device| device.installation_id).collect();
        let platforms: Vec<_> = devices.iter().map(|device| device.platform.as_str()).collect();
        let channels: Vec<_> = devices.iter().map(|device| Json(&device.channel)).collect();
        let hashes: Vec<_> = devices
            .iter()
            .map(|device| device.channel.hash().to_vec())
            .collect();
        let inserted = sqlx::query(
            "INSERT INTO installations (id, app, customer, platform, environment, channel, channel_hash, locale, updated_at) \
             SELECT id, 'shop', customer, platform, 'production', channel, hash, 'en', now() \
             FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::bytea[]) AS device (id, customer, platform, channel, hash)",
        )
        .bind(ids)
        .bind(owners)
        .bind(platforms)
        .bind(channels)
        .bind(hashes)
        .execute(&mut connection)
        .await?;
        ensure!(
            inserted.rows_affected() == devices.len() as u64,
            "not all are registered"
        );
    }
    sqlx::query("ANALYZE installations")
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}
