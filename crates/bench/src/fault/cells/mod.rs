//! What each cell does.

mod campaign;
mod disk;
mod network;
mod overload;
mod poison;
mod push;
mod races;
mod servers;
mod services;

use anyhow::Result;
use devstack::{Part, StackOptions};

use super::{Cell, Outcome, Settings};

pub(super) async fn run(cell: Cell, settings: Settings) -> Result<Outcome> {
    match cell {
        Cell::Kill(part) => services::kill(part, settings).await,
        Cell::Roll(part) => services::roll(part, settings).await,
        Cell::NatsKilled => servers::nats_killed(settings).await,
        Cell::NatsTenTimes => servers::nats_ten_times(settings).await,
        Cell::PostgresKilled => servers::postgres_killed(settings).await,
        Cell::PostgresAway => servers::postgres_away(settings).await,
        Cell::RedisAway => servers::redis_away(settings).await,
        Cell::RedisEmptied => servers::redis_emptied(settings).await,
        Cell::RedisFrozen => servers::redis_frozen(settings).await,
        Cell::Silent(silence, service, server) => network::silent(silence, service, server, settings).await,
        Cell::Latency => network::latency(settings).await,
        Cell::DiskFull(part) => disk::full(part, settings).await,
        Cell::SlowConsumer => network::slow_consumer(settings).await,
        Cell::ProcessorFrozen => services::frozen(settings).await,
        Cell::Overload => overload::overload(settings).await,
        Cell::Poison => poison::among_orders(settings).await,
        Cell::SameKey => races::same_key(settings).await,
        Cell::LastFive => races::last_five(settings).await,
        Cell::Push => push::providers_fail(settings).await,
        Cell::Campaign => campaign::bad_day(settings).await,
        Cell::MostGone => campaign::most_gone(settings).await,
    }
}

/// A stack that takes and decides orders, and these parts too.
fn stack_with(parts: &[Part]) -> Result<StackOptions> {
    let seldom = [Part::PushSandbox, Part::NotificationHub, Part::WebFrontend];
    let needed = |part: &Part| {
        parts.contains(part) || (*part == Part::PushSandbox && parts.contains(&Part::NotificationHub))
    };
    let left_out = seldom.into_iter().filter(|part| !needed(part));
    Ok(left_out.fold(StackOptions::for_test()?, StackOptions::without))
}
