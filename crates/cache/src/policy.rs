//! Named policies.

use std::time::Duration;

/// A load that took longer than this is answered but not cached, so that it can't outlive the traces of a newer write.
pub const LONGEST_LOAD: Duration = Duration::from_secs(30);

/// How long a deletion is remembered: longer than [`LONGEST_LOAD`].
pub const TOMBSTONE: Duration = Duration::from_secs(60);

/// How long one kind of entry lives, and how much of it is kept in process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its name: part of every key (`waybill:orders:…`) and a metric's label.
    pub name: &'static str,
    /// How long an entry lives in Redis, and at most in process. At least [`TOMBSTONE`], so that the newest version outlives the longest load of an older one.
    pub time_to_live: Duration,
    /// How many entries the in-process tier keeps; 0 is none.
    pub in_process: u64,
    /// Whether the in-process tier follows notices of Redis (`orders` follows `EVENTS` instead).
    /// Such a tier is used only while the subscription stands.
    pub follows_notices: bool,
}

impl Policy {
    /// Orders: 60 s while the state can change (put with another time for accepted and settled ones), newer-wins.
    pub const ORDERS: Self = Self {
        name: "orders",
        time_to_live: Duration::from_secs(60),
        in_process: 10_000,
        follows_notices: false,
    };

    /// How long orders live that are accepted and not yet decided. They are the first version: there is no older one to outlive.
    pub const ACCEPTED_ORDER: Duration = Duration::from_secs(5);

    /// How long orders live that no longer change.
    pub const SETTLED_ORDER: Duration = Duration::from_secs(600);

    /// Which guests' scopes belong to an account. They only become more: their number is the version.
    pub const SCOPES: Self = Self {
        name: "scopes",
        time_to_live: Duration::from_secs(60),
        in_process: 20_000,
        follows_notices: true,
    };

    /// Products.
    pub const CATALOG: Self = Self {
        name: "catalog",
        time_to_live: Duration::from_secs(3600),
        in_process: 5_000,
        follows_notices: true,
    };

    /// What was found in the catalog. Who asks makes up as many of them as he likes, so none is kept in process and all are soon forgotten.
    pub const SEARCHES: Self = Self {
        name: "searches",
        time_to_live: Duration::from_secs(60),
        in_process: 0,
        follows_notices: false,
    };
}
