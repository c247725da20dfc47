//! What the sandbox counted.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use sqlx::types::Uuid;

/// Devices by how many pushes they show.
#[derive(Debug, Clone, Deserialize)]
pub struct Group {
    /// How many.
    pub devices: u64,
    /// How many of them show so many.
    pub by_keys: BTreeMap<u32, u64>,
}

impl Group {
    /// Those that show so many.
    pub fn showing(&self, pushes: u32) -> u64 {
        self.by_keys.get(&pushes).copied().unwrap_or_default()
    }
}

/// What the sandbox counted.
#[derive(Debug, Clone, Deserialize)]
pub struct Tally {
    /// Pushes that were taken.
    pub pushes: u64,
    /// Of them those that replaced their like on the device.
    pub repeats: u64,
    /// Whether all were counted.
    pub whole: bool,
    /// When the first was taken.
    pub first_at: Option<Timestamp>,
    /// When the last was taken.
    pub last_at: Option<Timestamp>,
    /// Devices that are there.
    pub live: Group,
    /// Devices whose app is gone.
    pub gone: Group,
    /// Connections that are open.
    pub open_connections: u64,
    /// Connections that ever were.
    pub opened_connections: u64,
}

/// What one device took.
#[derive(Debug, Clone, Deserialize)]
pub struct Taken {
    /// Its installation.
    pub installation_id: Uuid,
    /// Whether its app is gone.
    pub gone: bool,
}
