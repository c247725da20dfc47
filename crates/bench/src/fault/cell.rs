//! The cells of the matrix, by name.

use std::fmt;

use anyhow::Result;
use devstack::Part;

use super::{Outcome, Settings, cells};

/// How a connection goes silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// Both ways.
    BlackHole,
    /// Questions arrive, answers are lost.
    HalfOpen,
}

/// One thing that breaks in the middle of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "`about` says what each is")]
pub enum Cell {
    Kill(Part),
    Roll(Part),
    NatsKilled,
    NatsTenTimes,
    PostgresKilled,
    PostgresAway,
    RedisAway,
    RedisEmptied,
    RedisFrozen,
    Silent(Silence, Part, Part),
    Latency,
    DiskFull(Part),
    SlowConsumer,
    ProcessorFrozen,
    Overload,
    Poison,
    SameKey,
    LastFive,
    Push,
    Campaign,
    MostGone,
}

impl Cell {
    /// All, in the order of the matrix.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let silences = [Silence::BlackHole, Silence::HalfOpen];
        let servers = [Part::Postgres, Part::Nats, Part::Redis];
        let silent = silences.into_iter().flat_map(|silence| {
            let connections = Part::SERVICES.into_iter().flat_map(move |service| {
                servers
                    .into_iter()
                    .map(move |server| Self::Silent(silence, service, server))
            });
            // The hub has no use for Redis.
            connections.filter(|cell| !matches!(cell, Self::Silent(_, Part::NotificationHub, Part::Redis)))
        });
        Part::SERVICES
            .into_iter()
            .map(Self::Kill)
            .chain(Part::SERVICES.into_iter().map(Self::Roll))
            .chain([
                Self::NatsKilled,
                Self::NatsTenTimes,
                Self::PostgresKilled,
                Self::PostgresAway,
                Self::RedisAway,
                Self::RedisEmptied,
                Self::RedisFrozen,
            ])
            .chain(silent)
            .chain([
                Self::Latency,
                Self::DiskFull(Part::Postgres),
                Self::DiskFull(Part::Nats),
                Self::SlowConsumer,
                Self::ProcessorFrozen,
                Self::Overload,
                Self::Poison,
                Self::SameKey,
                Self::LastFive,
                Self::Push,
                Self::Campaign,
                Self::MostGone,
            ])
            .collect()
    }

    /// Those whose name begins like one of `names`; all where there are none.
    ///
    /// # Errors
    /// Where a name is no cell's beginning.
    pub fn named(names: &[String]) -> Result<Vec<Self>> {
        let all = Self::all();
        for name in names {
            if !all.iter().any(|cell| cell.to_string().starts_with(name)) {
                let known: Vec<_> = all.iter().map(ToString::to_string).collect();
                anyhow::bail!("there is no cell {name}; there are {}", known.join(", "));
            }
        }
        let wanted = |cell: &Self| {
            let own = cell.to_string();
            names.is_empty() || names.iter().any(|name| own.starts_with(name))
        };
        Ok(all.into_iter().filter(wanted).collect())
    }

    /// What is done.
    #[must_use]
    pub fn about(&self) -> String {
        match self {
            Self::Kill(part) => format!("kill -9 of {part} at random, again and again"),
            Self::Roll(part) => format!("one replica of {part} after the other is stopped in order"),
            Self::NatsKilled => "NATS is killed and comes back".into(),
            Self::NatsTenTimes => "NATS is killed ten times".into(),
            Self::PostgresKilled => "Postgres is killed and comes back".into(),
            Self::PostgresAway => "Postgres is away for long".into(),
            Self::RedisAway => "Redis is away".into(),
            Self::RedisEmptied => "Redis is emptied again and again".into(),
            Self::RedisFrozen => "Redis stands still (SIGSTOP)".into(),
            Self::Silent(Silence::BlackHole, service, server) => {
                format!("{service} talks to {server} through a black hole")
            }
            Self::Silent(Silence::HalfOpen, service, server) => {
                format!("{service} hears nothing of {server}, which hears it")
            }
            Self::Latency => "200 ms between every service and every server".into(),
            Self::DiskFull(part) => format!("the disk of {part} is full"),
            Self::SlowConsumer => "the processor is ten times slower".into(),
            Self::ProcessorFrozen => "a processor stands still (SIGSTOP) longer than the ack wait".into(),
            Self::Overload => "twice as many orders as can be accepted".into(),
            Self::Poison => "what can't be handled lies among the orders".into(),
            Self::SameKey => "the same key 50 times at once".into(),
            Self::LastFive => "200 shoppers want the last 5".into(),
            Self::Push => "push services fail in every way".into(),
            Self::Campaign => "very many devices are told on a bad day, and the hub dies five times".into(),
            Self::MostGone => "60 % of very many devices are said to be gone at once".into(),
        }
    }

    /// Runs it. A drill that can't be made is a broken promise too.
    pub async fn run(self, settings: Settings) -> Outcome {
        let outcome = cells::run(self, settings).await;
        let mut outcome = outcome.unwrap_or_else(|error| Outcome {
            broken: vec![format!("the drill failed: {error:#}")],
            ..Outcome::default()
        });
        outcome.cell = self.to_string();
        outcome.seed = settings.seed;
        outcome
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(part) => write!(f, "kill-{part}"),
            Self::Roll(part) => write!(f, "roll-{part}"),
            Self::NatsKilled => f.write_str("nats-killed"),
            Self::NatsTenTimes => f.write_str("nats-ten-times"),
            Self::PostgresKilled => f.write_str("postgres-killed"),
            Self::PostgresAway => f.write_str("postgres-away"),
            Self::RedisAway => f.write_str("redis-away"),
            Self::RedisEmptied => f.write_str("redis-emptied"),
            Self::RedisFrozen => f.write_str("redis-frozen"),
            Self::Silent(Silence::BlackHole, service, server) => write!(f, "black-hole-{service}-{server}"),
            Self::Silent(Silence::HalfOpen, service, server) => write!(f, "half-open-{service}-{server}"),
            Self::Latency => f.write_str("latency"),
            Self::DiskFull(part) => write!(f, "disk-full-{part}"),
            Self::SlowConsumer => f.write_str("slow-consumer"),
            Self::ProcessorFrozen => f.write_str("processor-frozen"),
            Self::Overload => f.write_str("overload"),
            Self::Poison => f.write_str("poison"),
            Self::SameKey => f.write_str("same-key"),
            Self::LastFive => f.write_str("last-five"),
            Self::Push => f.write_str("push-services"),
            Self::Campaign => f.write_str("push-campaign"),
            Self::MostGone => f.write_str("push-most-gone"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Cell;

    #[test]
    fn every_cell_has_a_name_of_its_own_and_is_found_by_it() {
        let all = Cell::all();
        let names: BTreeSet<_> = all.iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), all.len());
        for cell in all {
            assert!(Cell::named(&[cell.to_string()]).unwrap().contains(&cell));
        }
    }

    #[test]
    fn a_beginning_names_several_and_nonsense_none() {
        assert_eq!(Cell::named(&["kill-".into()]).unwrap().len(), 4);
        assert_eq!(Cell::named(&[]).unwrap(), Cell::all());
        assert!(Cell::named(&["nonsense".into()]).is_err());
    }
}
