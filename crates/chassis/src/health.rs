//! What a service needs to be ready.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// The checks of a service. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Health {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    started: bool,
    draining: bool,
    checks: BTreeMap<&'static str, State>,
}

#[derive(Debug, Clone, Serialize)]
struct State {
    required: bool,
    /// None is well.
    problem: Option<String>,
}

/// What `/readyz` answers.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Whether the service should be given work.
    pub ready: bool,
    /// Whether it is stopping.
    pub draining: bool,
    checks: BTreeMap<&'static str, State>,
}

/// One thing a service depends on. It begins as a problem: `starting`.
#[derive(Debug, Clone)]
pub struct Check {
    name: &'static str,
    health: Health,
}

impl Health {
    /// A check without which the service is not ready.
    pub fn require(&self, name: &'static str) -> Check {
        self.add(name, true)
    }

    /// A check that is shown only: the service works without it.
    pub fn report_only(&self, name: &'static str) -> Check {
        self.add(name, false)
    }

    fn add(&self, name: &'static str, required: bool) -> Check {
        self.with(|inner| {
            inner.checks.insert(
                name,
                State {
                    required,
                    problem: Some("starting".into()),
                },
            )
        });
        Check {
            name,
            health: self.clone(),
        }
    }

    /// All parts of the service are in place, and it hears signals. Before it is never ready: checks that are not asked for yet say nothing.
    pub fn started(&self) {
        self.with(|inner| inner.started = true);
    }

    /// From now on not ready: the service is stopping.
    pub fn drain(&self) {
        self.with(|inner| inner.draining = true);
    }

    /// How things stand.
    pub fn report(&self) -> Report {
        self.with(|inner| Report {
            ready: inner.started
                && !inner.draining
                && inner
                    .checks
                    .values()
                    .all(|check| !check.required || check.problem.is_none()),
            draining: inner.draining,
            checks: inner.checks.clone(),
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Check {
    /// Notes that it works (`None`) or why it does not; a change is logged once.
    pub fn set(&self, problem: Option<String>) {
        self.health.with(|inner| {
            let Some(state) = inner.checks.get_mut(self.name) else {
                return;
            };
            match (&state.problem, &problem) {
                (Some(_), None) => tracing::info!(check = self.name, "works"),
                (None, Some(why)) => tracing::warn!(check = self.name, why, "does not work"),
                _ => {}
            }
            state.problem = problem;
        });
    }

    /// It works.
    pub fn up(&self) {
        self.set(None);
    }

    /// It does not, because of `why`.
    pub fn down(&self, why: impl Into<String>) {
        self.set(Some(why.into()));
    }

    /// Asks `probe` every `period` from now on; for [`crate::Lifecycle::spawn_background`].
    pub async fn follow<F, E>(self, period: std::time::Duration, mut probe: impl FnMut() -> F)
    where
        F: Future<Output = Result<(), E>>,
        E: std::fmt::Display,
    {
        loop {
            self.set(probe().await.err().map(|error| error.to_string()));
            tokio::time::sleep(period).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_when_every_required_check_works() {
        let health = Health::default();
        let database = health.require("postgres");
        let cache = health.report_only("redis");
        health.started();
        assert!(!health.report().ready, "a check begins as a problem");
        database.up();
        assert!(health.report().ready);
        cache.down("gone");
        assert!(health.report().ready, "what is reported only does not count");
        database.down("gone");
        assert!(!health.report().ready);
    }

    #[test]
    fn never_ready_before_it_started() {
        let health = Health::default();
        assert!(!health.report().ready, "no check is asked for yet");
        health.require("postgres").up();
        assert!(!health.report().ready);
        health.started();
        assert!(health.report().ready);
    }

    #[test]
    fn never_ready_while_draining() {
        let health = Health::default();
        health.started();
        health.drain();
        assert!(!health.report().ready);
    }
}
