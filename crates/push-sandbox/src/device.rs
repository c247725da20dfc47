//! Pretend devices and the channels by which they are reached.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::browser::Browser;
use crate::fault::Fault;
use crate::random;

/// Below `notify.windows.com`, as WNS channels are.
pub(crate) const WNS_HOST: &str = "sandbox.notify.windows.com";
/// Below `.test`, which no name server knows (RFC 6761): a sender in dev mode is led here, any other reaches nothing.
pub(crate) const WEB_PUSH_HOST: &str = "push-sandbox.test";
/// Where browsers' subscriptions are: `aud` of what their senders sign.
pub(crate) const WEB_PUSH_ORIGIN: &str = "https://push-sandbox.test";

/// Whose push service reaches a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Apple's.
    Apns,
    /// Google's.
    Fcm,
    /// Microsoft's.
    Wns,
    /// A browser's.
    WebPush,
}

impl Platform {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Apns, Self::Fcm, Self::Wns, Self::WebPush];

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apns => "apns",
            Self::Fcm => "fcm",
            Self::Wns => "wns",
            Self::WebPush => "webpush",
        }
    }
}

/// What an app hands to its server so that it is reached: the JSON that the REST API takes as `channel`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Channel {
    /// APNs.
    Apns {
        /// The device token in hex.
        token: String,
    },
    /// FCM.
    Fcm {
        /// `token` or `fid`.
        kind: String,
        /// The registration token or installation id.
        value: String,
    },
    /// WNS.
    Wns {
        /// The channel URI.
        uri: String,
    },
    /// Web Push: a subscription as `PushSubscription.toJSON` gives it.
    WebPush {
        /// Where its messages are posted.
        endpoint: String,
        /// When it ends, milliseconds since 1970; browsers mostly say nothing.
        #[serde(rename = "expirationTime", default)]
        expiration_time: Option<u64>,
        /// What its messages are encrypted with.
        keys: BrowserKeys,
    },
}

/// The part of a browser's keys that its app hands out, in base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserKeys {
    /// The public key, an uncompressed point of P-256.
    pub p256dh: String,
    /// The secret that it shares with its app's server, 16 bytes.
    pub auth: String,
}

impl Channel {
    /// What tells this channel from all others.
    pub fn address(&self) -> &str {
        match self {
            Self::Apns { token } => token,
            Self::Fcm { value, .. } => value,
            Self::Wns { uri } => uri,
            Self::WebPush { endpoint, .. } => endpoint,
        }
    }
}

/// The two ways to sign in at WNS; a channel made by one can't be used with the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum WnsSignIn {
    /// Windows App SDK: an application of Microsoft Entra.
    #[default]
    AppSdk,
    /// UWP: the package's security identifier.
    Uwp,
}

/// What a pretend device is to be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// Its platform.
    pub platform: Platform,
    /// What the page calls it.
    #[serde(default)]
    pub name: Option<String>,
    /// FCM only: named by installation id in place of a registration token.
    #[serde(default)]
    pub fid: bool,
    /// WNS only: which sign-in its channel wants.
    #[serde(default)]
    pub sign_in: WnsSignIn,
}

impl NewDevice {
    /// A device of that platform with the usual channel.
    pub fn of(platform: Platform) -> Self {
        Self {
            platform,
            name: None,
            fid: false,
            sign_in: WnsSignIn::default(),
        }
    }
}

/// Many pretend devices of one kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDevices {
    /// Their platform.
    pub platform: Platform,
    /// How many.
    pub count: usize,
    /// As in [`NewDevice`].
    #[serde(default)]
    pub fid: bool,
    /// As in [`NewDevice`].
    #[serde(default)]
    pub sign_in: WnsSignIn,
}

impl NewDevices {
    /// So many of that platform with the usual channels.
    pub fn of(platform: Platform, count: usize) -> Self {
        Self {
            platform,
            count,
            fid: false,
            sign_in: WnsSignIn::default(),
        }
    }

    /// What each of them is.
    pub(crate) fn each(&self) -> NewDevice {
        NewDevice {
            platform: self.platform,
            name: None,
            fid: self.fid,
            sign_in: self.sign_in,
        }
    }
}

/// A pretend device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Device {
    /// Its name in this sandbox's addresses.
    pub id: String,
    /// What its app calls itself at the REST API.
    pub installation_id: Uuid,
    /// Its platform.
    pub platform: Platform,
    /// What the page calls it.
    pub name: String,
    /// How it is reached.
    pub channel: Channel,
    /// WNS only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<WnsSignIn>,
    /// Web Push only: what only the browser knows, in base64url. Kept in the file of devices, shown nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) private_key: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// How many pushes it has taken since the sandbox started.
    #[serde(default)]
    pub deliveries: u64,
    /// The fault it shows next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// One of many that were made at once: counted, but neither listed nor shown on the page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bulk: bool,
    /// Its place among all, for counting.
    #[serde(skip)]
    pub(crate) number: u32,
}

impl Device {
    pub(crate) fn new(wanted: &NewDevice, number: usize, now: Timestamp) -> Self {
        let platform = wanted.platform;
        let kind = match platform {
            Platform::Apns => "iPhone",
            Platform::Fcm => "Android phone",
            Platform::Wns => "Windows PC",
            Platform::WebPush => "Browser",
        };
        let (channel, private_key) = channel(wanted);
        Self {
            id: format!("{}-{}", platform.as_str(), random::hex::<6>()),
            installation_id: random::uuid(),
            platform,
            name: wanted.name.clone().unwrap_or_else(|| format!("{kind} {number}")),
            channel,
            private_key,
            sign_in: (platform == Platform::Wns).then_some(wanted.sign_in),
            made_at: now,
            deliveries: 0,
            fault: None,
            bulk: false,
            number: 0,
        }
    }
}

/// A new channel, and what the device keeps to itself.
fn channel(wanted: &NewDevice) -> (Channel, Option<String>) {
    let channel = match wanted.platform {
        Platform::Apns => Channel::Apns {
            token: random::hex::<32>(),
        },
        // An installation id is 22 characters, a registration token has one in front.
        Platform::Fcm if wanted.fid => Channel::Fcm {
            kind: "fid".to_owned(),
            value: random::text::<16>(),
        },
        Platform::Fcm => Channel::Fcm {
            kind: "token".to_owned(),
            value: format!("{}:APA91b{}", random::text::<16>(), random::text::<96>()),
        },
        Platform::Wns => Channel::Wns {
            uri: format!("https://{WNS_HOST}/?token={}", random::text::<72>()),
        },
        Platform::WebPush => {
            let Browser {
                public,
                auth,
                private,
            } = Browser::new();
            let channel = Channel::WebPush {
                endpoint: format!("{WEB_PUSH_ORIGIN}/wp/{}", random::text::<30>()),
                expiration_time: None,
                keys: BrowserKeys { p256dh: public, auth },
            };
            return (channel, Some(private));
        }
    };
    (channel, None)
}
