//! Campaigns: one text to every device that a tag expression fits.

mod deliveries;
mod progress;

use std::collections::BTreeMap;

use domain::InstallationId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::types::Json;
use uuid::Uuid;

pub use deliveries::DeliveryCount;
pub use progress::Page;

use crate::values::{time, unreadable};
use crate::{Storage, StorageError};

/// What a device shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignText {
    /// The first line.
    pub title: String,
    /// The rest.
    pub body: String,
}

/// A campaign as the operator made it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewCampaign {
    /// Its id.
    pub id: Uuid,
    /// The tag expression that says who gets it.
    pub expression: String,
    /// These devices alone, for a test send.
    pub devices: Option<Vec<InstallationId>>,
    /// The text for languages without one of their own.
    pub text: CampaignText,
    /// Texts by language tag.
    pub texts: BTreeMap<String, CampaignText>,
    /// Handed to the app with the text.
    pub data: Map<String, Value>,
    /// Whether it wakes a device that sleeps.
    pub urgent: bool,
    /// Whether the app gets it and nothing is shown.
    pub silent: bool,
    /// Devices a second.
    pub rate: Option<u32>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it is to begin.
    pub send_at: Timestamp,
    /// After that nothing of it is sent any more.
    pub expires_at: Timestamp,
}

/// How far a campaign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CampaignState {
    /// Waits for its time.
    Scheduled,
    /// Its pushes are being queued.
    Running,
    /// All of them are queued.
    Done,
    /// Called off: what was not sent by then is not sent.
    Cancelled,
    /// It came to an end before its pushes were queued.
    Failed,
}

impl CampaignState {
    /// As stored: `running`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    fn read(stored: &str) -> Result<Self, StorageError> {
        [
            Self::Scheduled,
            Self::Running,
            Self::Done,
            Self::Cancelled,
            Self::Failed,
        ]
        .into_iter()
        .find(|state| state.as_str() == stored)
        .ok_or_else(|| unreadable("state of a campaign", stored))
    }
}

/// A campaign and how far it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Campaign {
    /// As it was made.
    #[serde(flatten)]
    pub what: NewCampaign,
    /// How far it is.
    pub state: CampaignState,
    /// The last installation whose push was queued.
    pub cursor: Option<InstallationId>,
    /// Pushes queued, by platform.
    pub queued: BTreeMap<String, u64>,
    /// Devices that the expression fits and that get nothing: their platform has no credentials, or their owner wants no news.
    pub left_out: u64,
    /// When its first pushes were to be queued.
    pub started_at: Option<Timestamp>,
    /// When the last one was, or it was called off.
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    pub why: Option<String>,
}

/// A row of `campaigns`.
struct CampaignRow {
    id: Uuid,
    expression: String,
    devices: Option<Vec<Uuid>>,
    title: String,
    body: String,
    texts: Json<BTreeMap<String, CampaignText>>,
    data: Json<Map<String, Value>>,
    urgent: bool,
    silent: bool,
    rate: Option<i32>,
    created_by: String,
    created_at: jiff_sqlx::Timestamp,
    send_at: jiff_sqlx::Timestamp,
    expires_at: jiff_sqlx::Timestamp,
    state: String,
    cursor: Option<Uuid>,
    queued: Json<BTreeMap<String, u64>>,
    left_out: i64,
    started_at: Option<jiff_sqlx::Timestamp>,
    finished_at: Option<jiff_sqlx::Timestamp>,
    why: Option<String>,
}

impl TryFrom<CampaignRow> for Campaign {
    type Error = StorageError;

    fn try_from(row: CampaignRow) -> Result<Self, StorageError> {
        let devices = row
            .devices
            .map(|ids| ids.into_iter().map(InstallationId).collect());
        Ok(Self {
            what: NewCampaign {
                id: row.id,
                expression: row.expression,
                devices,
                text: CampaignText {
                    title: row.title,
                    body: row.body,
                },
                texts: row.texts.0,
                data: row.data.0,
                urgent: row.urgent,
                silent: row.silent,
                rate: row.rate.map(i32::unsigned_abs),
                created_by: row.created_by,
                created_at: row.created_at.to_jiff(),
                send_at: row.send_at.to_jiff(),
                expires_at: row.expires_at.to_jiff(),
            },
            state: CampaignState::read(&row.state)?,
            cursor: row.cursor.map(InstallationId),
            queued: row.queued.0,
            left_out: row.left_out.unsigned_abs(),
            started_at: row.started_at.map(jiff_sqlx::Timestamp::to_jiff),
            finished_at: row.finished_at.map(jiff_sqlx::Timestamp::to_jiff),
            why: row.why,
        })
    }
}

impl Storage {
    /// Adds a campaign; the same again changes nothing.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn add_campaign(&self, campaign: &NewCampaign) -> Result<(), StorageError> {
        let devices: Option<Vec<Uuid>> = campaign
            .devices
            .as_ref()
            .map(|devices| devices.iter().map(|device| device.0).collect());
        let rate = campaign.rate.map(|rate| i32::try_from(rate).unwrap_or(i32::MAX));
        self.within(async {
            sqlx::query!(
                r#"INSERT INTO campaigns (id, expression, devices, title, body, texts, data, urgent, silent, rate,
                                          created_by, created_at, send_at, expires_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                   ON CONFLICT (id) DO NOTHING"#,
                campaign.id,
                campaign.expression,
                devices.as_deref(),
                campaign.text.title,
                campaign.text.body,
                Json(&campaign.texts) as _,
                Json(&campaign.data) as _,
                campaign.urgent,
                campaign.silent,
                rate,
                campaign.created_by,
                time(campaign.created_at) as _,
                time(campaign.send_at) as _,
                time(campaign.expires_at) as _,
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// One campaign.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn campaign(&self, id: Uuid) -> Result<Option<Campaign>, StorageError> {
        let row = self.within(async {
            Ok(sqlx::query_as!(
                CampaignRow,
                r#"SELECT id, expression, devices, title, body, texts AS "texts: _", data AS "data: _", urgent, silent, rate,
                          created_by, created_at AS "created_at: _", send_at AS "send_at: _", expires_at AS "expires_at: _",
                          state, cursor, queued AS "queued: _", left_out, started_at AS "started_at: _",
                          finished_at AS "finished_at: _", why
                   FROM campaigns WHERE id = $1"#,
                id,
            )
            .fetch_optional(&self.pool)
            .await?)
        });
        row.await?.map(Campaign::try_from).transpose()
    }

    /// The newest `most` campaigns, the newest first.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn campaigns(&self, most: u32) -> Result<Vec<Campaign>, StorageError> {
        let rows = self.within(async {
            Ok(sqlx::query_as!(
                CampaignRow,
                r#"SELECT id, expression, devices, title, body, texts AS "texts: _", data AS "data: _", urgent, silent, rate,
                          created_by, created_at AS "created_at: _", send_at AS "send_at: _", expires_at AS "expires_at: _",
                          state, cursor, queued AS "queued: _", left_out, started_at AS "started_at: _",
                          finished_at AS "finished_at: _", why
                   FROM campaigns ORDER BY created_at DESC, id LIMIT $1"#,
                i64::from(most),
            )
            .fetch_all(&self.pool)
            .await?)
        });
        rows.await?.into_iter().map(Campaign::try_from).collect()
    }
}
