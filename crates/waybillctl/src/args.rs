//! The command line.

use std::time::Duration;

use chassis::args::{DatabaseArgs, NatsArgs, duration};
use clap::{Parser, Subcommand};
use domain::IdempotencyKey;

use crate::output::Output;
use crate::{
    accounts, cache, dead_letters, installations, migrate, orders, products, push, queues, reconcile, seed,
    subscriptions, topology,
};

/// The operator's command of Waybill.
#[derive(Debug, Parser)]
#[command(name = "waybillctl", version, arg_required_else_help = true)]
pub struct Args {
    /// What the answer looks like.
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,

    /// How long to keep trying to reach each server, e.g. 10s.
    #[arg(long, global = true, env = "CONNECT_TIMEOUT", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(crate) connect_timeout: Duration,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring the database's schema up to date.
    Migrate(migrate::Args),
    /// Streams and consumers.
    #[command(subcommand)]
    Topology(topology::Command),
    /// Redis.
    #[command(subcommand)]
    Cache(cache::Command),
    /// Put the seed catalog up for sale.
    Seed(seed::Args),
    /// Accounts of customers.
    #[command(subcommand)]
    Accounts(accounts::Command),
    /// Look at orders and move them.
    #[command(subcommand)]
    Orders(orders::Command),
    /// Look at the catalog and change it.
    #[command(subcommand)]
    Products(products::Command),
    /// What could not be handled.
    #[command(subcommand)]
    DeadLetters(dead_letters::Command),
    /// Devices that are told by push.
    #[command(subcommand)]
    Installations(installations::Command),
    /// How much waits where, since when, and how many replicas are at each partition.
    ///
    /// Every replica asks for the partitions of its share (--partitions, all by default); one has each, the others stand by.
    /// It is an error where nobody reads a partition while others are read (a gap), and where fewer replicas read some than others
    /// (shares that overlap in part): every partition should have as many replicas. Partitions with commands waiting or in hand are
    /// not compared. Which replica has a partition its log says: `pin` there is `replicas.pin` in the JSON.
    Queues(queues::Args),
    /// Subscriptions to what happens.
    #[command(subcommand)]
    Subscriptions(subscriptions::Command),
    /// Campaigns, and how the hub stands with the push services.
    #[command(subcommand)]
    Push(push::Command),
    /// Compare the store with the streams, and publish what they lost.
    Reconcile(reconcile::Args),
}

/// The servers that a command on an order or a product goes through.
#[derive(Debug, clap::Args)]
pub(crate) struct ServersArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    #[command(flatten)]
    pub(crate) nats: NatsArgs,
}

/// How a wish is sent, and for how long its answer is waited for.
#[derive(Debug, clap::Args)]
pub(crate) struct WishArgs {
    #[command(flatten)]
    pub(crate) servers: ServersArgs,

    /// Who asks: the name that the history keeps.
    #[arg(long, env = "WAYBILL_STAFF", value_name = "NAME", default_value = "operator")]
    pub(crate) user: String,

    /// Names the command: the same key again is the same command. A fresh one when not given.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<IdempotencyKey>,

    /// Wait for the outcome (what is done anyway).
    #[arg(long, conflicts_with = "no_wait")]
    pub(crate) wait: bool,

    /// Send it and don't wait for the outcome.
    #[arg(long)]
    pub(crate) no_wait: bool,

    /// How long to wait for the outcome, e.g. 15s.
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = duration)]
    pub(crate) timeout: Duration,
}

impl WishArgs {
    /// The given key, or one of this run.
    pub(crate) fn key(&self) -> anyhow::Result<IdempotencyKey> {
        match &self.key {
            Some(key) => Ok(key.clone()),
            None => Ok(chassis::clock::random_id().to_string().parse()?),
        }
    }
}
