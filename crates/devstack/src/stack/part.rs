//! The parts of a stack, by name.

use std::fmt;

/// One program of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The database.
    Postgres,
    /// The cache.
    Redis,
    /// The broker.
    Nats,
    /// The stand-ins for the push services.
    PushSandbox,
    /// The single writer of orders.
    OrderProcessor,
    /// Announces orders to devices.
    NotificationHub,
    /// The front door for apps.
    RestApi,
    /// The front door for shoppers.
    WebFrontend,
}

impl Part {
    /// All, in the order in which they start; they stop the other way round.
    pub const ALL: [Self; 8] = [
        Self::Postgres,
        Self::Redis,
        Self::Nats,
        Self::PushSandbox,
        Self::OrderProcessor,
        Self::NotificationHub,
        Self::RestApi,
        Self::WebFrontend,
    ];

    /// The four services of Waybill.
    pub const SERVICES: [Self; 4] = [
        Self::OrderProcessor,
        Self::NotificationHub,
        Self::RestApi,
        Self::WebFrontend,
    ];

    /// Its name, which is its program's name where the program is ours.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Nats => "nats",
            Self::PushSandbox => "push-sandbox",
            Self::OrderProcessor => "order-processor",
            Self::NotificationHub => "notification-hub",
            Self::RestApi => "rest-api",
            Self::WebFrontend => "web-frontend",
        }
    }

    /// Whether it is one of the servers that Waybill only uses.
    #[must_use]
    pub fn is_server(self) -> bool {
        matches!(self, Self::Postgres | Self::Redis | Self::Nats)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
