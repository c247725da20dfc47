//! Apps on devices, and the channels that reach them.

mod due;
pub(crate) mod erased;
mod import;
mod matching;
mod own;
mod put;
mod replace;
mod told;

use domain::{Customer, InstallationId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::types::Json;
use uuid::Uuid;

pub use self::due::{Due, Wanted};
pub use self::import::Imported;
pub use self::put::Registered;
pub use self::replace::Replaced;
pub use self::told::Told;
use crate::values::{read, time, unreadable};
use crate::{Storage, StorageError};

/// Which provider reaches a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Apple Push Notification service.
    Apns,
    /// Firebase Cloud Messaging.
    Fcm,
    /// Windows Push Notification Services.
    Wns,
    /// Web Push (RFC 8030), to browsers.
    WebPush,
    /// E-mail.
    Email,
}

impl Platform {
    /// As on the wire: `apns`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apns => "apns",
            Self::Fcm => "fcm",
            Self::Wns => "wns",
            Self::WebPush => "webpush",
            Self::Email => "email",
        }
    }

    pub(crate) fn read(stored: &str) -> Result<Self, StorageError> {
        match stored {
            "apns" => Ok(Self::Apns),
            "fcm" => Ok(Self::Fcm),
            "wns" => Ok(Self::Wns),
            "webpush" => Ok(Self::WebPush),
            "email" => Ok(Self::Email),
            other => Err(unreadable("platform", other)),
        }
    }
}

/// Where a device is reached. Checked by the one who registers it and again by the sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Channel {
    /// FCM: a registration token or an installation id.
    Fcm {
        /// `token` or `fid`.
        kind: String,
        /// The token or id.
        value: String,
    },
    /// APNs: the device token, hexadecimal.
    Apns {
        /// Hexadecimal digits.
        token: String,
    },
    /// WNS: the channel's address.
    Wns {
        /// `https://…notify.windows.com/…`
        uri: String,
    },
    /// Web Push: a subscription of a browser.
    WebPush {
        /// Where the push service takes messages for it.
        endpoint: String,
        /// The browser's public key, P-256, uncompressed, base64url.
        p256dh: String,
        /// The secret of their authentication, 16 bytes, base64url.
        auth: String,
    },
    /// E-mail.
    Email {
        /// The address.
        address: String,
    },
}

impl Channel {
    /// SHA-256 of what it says: two installations of one app never share it.
    pub fn hash(&self) -> [u8; 32] {
        let (kind, value) = match self {
            Self::Fcm { kind, value } => (kind.as_str(), value),
            Self::Apns { token } => ("apns", token),
            Self::Wns { uri } => ("wns", uri),
            Self::WebPush { endpoint, .. } => ("webpush", endpoint),
            Self::Email { address } => ("email", address),
        };
        Sha256::new()
            .chain_update(kind)
            .chain_update([0])
            .chain_update(value)
            .finalize()
            .into()
    }
}

/// An installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    /// Made by the device.
    pub id: InstallationId,
    /// Which app: the APNs topic, the FCM project, the WNS package are configured per app.
    pub app: String,
    /// Whose device it is now.
    pub customer: Customer,
    /// Which provider reaches it.
    pub platform: Platform,
    /// `production` or `development` (APNs).
    pub environment: String,
    /// Where.
    pub channel: Channel,
    /// BCP 47 language tag.
    pub locale: String,
    /// What it is called by those who send to many; without its owner, platform, locale and app.
    pub tags: Vec<String>,
    /// When its channel ends unless it is registered again.
    pub expires_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A row of `installations`.
struct InstallationRow {
    id: Uuid,
    app: String,
    customer: String,
    platform: String,
    environment: String,
    channel: Json<Channel>,
    locale: String,
    tags: Vec<String>,
    expires_at: Option<jiff_sqlx::Timestamp>,
    updated_at: jiff_sqlx::Timestamp,
}

impl TryFrom<InstallationRow> for Installation {
    type Error = StorageError;

    fn try_from(row: InstallationRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: InstallationId(row.id),
            app: row.app,
            customer: read("customer", &row.customer)?,
            platform: Platform::read(&row.platform)?,
            environment: row.environment,
            channel: row.channel.0,
            locale: row.locale,
            tags: row.tags,
            expires_at: row.expires_at.map(jiff_sqlx::Timestamp::to_jiff),
            updated_at: row.updated_at.to_jiff(),
        })
    }
}

impl Storage {
    /// One active installation: it is not gone, and its channel has not run out.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn installation(&self, id: InstallationId) -> Result<Option<Installation>, StorageError> {
        let row = self.within(async {
            Ok(sqlx::query_as!(
                InstallationRow,
                r#"SELECT id, app, customer, platform, environment, channel AS "channel: Json<Channel>", locale,
                          tags, expires_at AS "expires_at: _", updated_at AS "updated_at: _"
                   FROM installations WHERE id = $1 AND state = 'active' AND (expires_at IS NULL OR expires_at > now())"#,
                id.0,
            )
            .fetch_optional(&self.pool)
            .await?)
        });
        row.await?.map(Installation::try_from).transpose()
    }

    /// Marks the installation gone with `reason`, if its channel is still `channel` and it has not changed after `as_of`.
    /// Gives whether it was.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn mark_gone(
        &self,
        id: InstallationId,
        channel: &Channel,
        as_of: Option<Timestamp>,
        reason: &str,
    ) -> Result<bool, StorageError> {
        let hash = channel.hash();
        let marked = self.within(async {
            Ok(sqlx::query!(
                r#"UPDATE installations SET state = 'gone', gone_reason = $4
                   WHERE id = $1 AND channel_hash = $2 AND state = 'active'
                     AND ($3::timestamptz IS NULL OR updated_at <= $3)"#,
                id.0,
                hash.as_slice(),
                as_of.map(time) as _,
                reason,
            )
            .execute(&self.pool)
            .await?)
        });
        Ok(marked.await?.rows_affected() == 1)
    }
}
