#![doc = include_str!("../README.md")]

pub mod accounts;
mod attempts;
pub mod audit;
pub mod batch;
pub mod campaigns;
mod catalog;
mod connect;
pub mod deliveries;
mod erasure;
mod error;
pub mod history;
pub mod installations;
mod migrate;
mod orders;
pub mod preferences;
mod push_platforms;
pub mod push_templates;
mod values;
pub mod wishes;

use std::time::Duration;

pub use accounts::{Account, NewSession, Opened, Role, Session};
pub use batch::Transaction;
pub use campaigns::{Campaign, CampaignState, CampaignText, DeliveryCount, NewCampaign};
pub use catalog::{ProductFilter, ProductPage, ProductPlace};
pub use connect::ConnectOptions;
pub use deliveries::{About, Delivery, DeliveryState, Settled};
pub use erasure::Erasure;
pub use error::StorageError;
pub use installations::{Channel, Due, Installation, Platform, Registered, Wanted};
pub use orders::{OrderFilter, OrderPage, OrderSummary};
pub use preferences::{MailTo, Preferences, Topic, Way, Ways};
pub use push_platforms::PushPlatform;
pub use wishes::{Wish, WishPage, WishPlace, Wished};

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Storage {
    pool: sqlx::PgPool,
    /// The longest that one call may take.
    limit: Duration,
}
