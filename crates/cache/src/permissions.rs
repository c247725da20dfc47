//! What each user of Redis may do, as the server's ACL file.

use std::fmt;
use std::fmt::Write as _;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::Policy;

/// Who uses Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// The web shop.
    WebFrontend,
    /// The REST API.
    RestApi,
    /// The single writer of orders.
    OrderProcessor,
    /// The sender of pushes: it counts them.
    NotificationHub,
    /// Who looks after the server: may do everything.
    Operator,
}

impl User {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::WebFrontend,
        Self::RestApi,
        Self::OrderProcessor,
        Self::NotificationHub,
        Self::Operator,
    ];

    /// The service's name: `rest-api`.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebFrontend => "web-frontend",
            Self::RestApi => "rest-api",
            Self::OrderProcessor => "order-processor",
            Self::NotificationHub => "notification-hub",
            Self::Operator => "operator",
        }
    }

    /// Keys, channels and commands, as Redis's ACL names them.
    fn rules(self) -> String {
        let orders = Policy::ORDERS.name;
        match self {
            Self::Operator => "~* &* +@all".into(),
            Self::WebFrontend | Self::RestApi => door(),
            Self::OrderProcessor => {
                format!("~waybill:{orders}:* &waybill:notices:{orders} {CONNECTION} {ENTRIES}")
            }
            Self::NotificationHub => format!("~waybill:pace:* {CONNECTION} {PACE}"),
        }
    }
}

/// What both front doors may do.
fn door() -> String {
    let (orders, catalog, scopes) = (Policy::ORDERS.name, Policy::CATALOG.name, Policy::SCOPES.name);
    let searches = Policy::SEARCHES.name;
    format!(
        "~waybill:{orders}:* ~waybill:{catalog}:* ~waybill:{searches}:* ~waybill:requests:* \
         ~waybill:{scopes}:* ~waybill:ended-sessions:* ~waybill:limits:* \
         &waybill:notices:{orders} &waybill:notices:{catalog} &waybill:notices:{scopes} &waybill:notices:{searches} \
         {CONNECTION} {ENTRIES} +subscribe +unsubscribe"
    )
}

/// What the pool asks of every connection. `CLIENT SETINFO` is not among it: Redis 7.0 refuses a file that names it, and the client does without.
const CONNECTION: &str = "+ping +unwatch";
/// Reading entries, and what the scripts do that write them.
const ENTRIES: &str = "+evalsha +script|load +hget +hmget +hset +hdel +pttl +pexpire +expire +publish";
/// What the script does that gives pushes their turn.
const PACE: &str = "+evalsha +script|load +time +hmget +hset +pexpire";

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The ACL file with every user, whose passwords it holds as SHA-256 only. Who names no user is not let in.
pub fn acl(passwords: &[(User, SecretString)]) -> String {
    let mut text = "user default reset off\n".to_owned();
    for (user, password) in passwords {
        let hash = Sha256::digest(password.expose_secret().trim().as_bytes());
        let hash = hash.iter().fold(String::new(), |mut hex, byte| {
            let written = write!(hex, "{byte:02x}");
            debug_assert!(written.is_ok(), "a string takes everything");
            hex
        });
        text.push_str(&format!("user {user} reset on #{hash} {}\n", user.rules()));
    }
    text
}
