//! A stack under load, something that breaks, and what became of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use chassis::clock;
use devstack::{Part, Stack, StackOptions};
use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use secrecy::SecretString;
use storage::Storage;
use tokio::time::{Instant, sleep};

use super::outcome::usual;
use super::shop::{are_empty, dead_letters, eventually};
use super::watch::Watch;
use super::{Outcome, Settings};
use crate::check::{self, Expectations};
use crate::history::What;
use crate::load::is_settled;
use crate::{Answer, Api, Guest, History, Load, Pace, Progress, app};

/// How long a request may take: longer than a front door waits for the broker.
const REQUEST: Duration = Duration::from_secs(10);
/// Within which all is well again after a fault.
const RECOVERED: Duration = Duration::from_secs(15);
/// For how long recovery is waited for, to tell how long it took.
const PATIENCE: Duration = Duration::from_secs(90);
/// How much longer than five times what was usual half of the orders may take once all is well again.
const USUAL: Duration = Duration::from_millis(200);

/// A stack that something is done to while orders come in.
#[derive(Debug)]
pub struct Drill {
    /// The stack.
    pub stack: Stack,
    /// How hard and how long.
    pub settings: Settings,
    /// What was tried.
    pub history: Arc<History>,
    parts: Vec<Part>,
    storage: Storage,
    pub(super) api: Api,
    pub(super) guest: Guest,
    found: Mutex<Outcome>,
    /// Where the load goes; the REST API itself where none is given.
    door: Option<String>,
    /// Dead letters are meant to be there.
    letters_expected: bool,
    /// Services that are killed or stopped: they need not say that they live.
    mortal: Vec<Part>,
    /// No client may notice anything.
    seamless: bool,
    /// Within which all is well again after the fault.
    recovered: Duration,
}

impl Drill {
    /// Starts a stack with the demo catalog.
    ///
    /// # Errors
    /// Where it does not start.
    pub async fn start(options: StackOptions, settings: Settings) -> Result<Self> {
        let parts = Part::SERVICES.into_iter();
        let parts = parts.filter(|part| !options.without.contains(part)).collect();
        let stack = Stack::start(options.seeded()).await?;
        let options = storage::ConnectOptions {
            url: SecretString::from(stack.database_url()),
            name: "bench".into(),
            max_connections: 2,
            timeout: REQUEST,
        };
        let api = Api::new(stack.api_url(), REQUEST)?;
        Ok(Self {
            storage: Storage::connect(options).await?,
            guest: api.guest().await?,
            api,
            parts,
            stack,
            settings,
            history: Arc::new(History::memory()),
            found: Mutex::default(),
            door: None,
            letters_expected: false,
            mortal: Vec::new(),
            seamless: false,
            recovered: RECOVERED,
        })
    }

    /// These services are killed or stopped: they need not say that they live.
    #[must_use]
    pub fn mortal(mut self, parts: &[Part]) -> Self {
        self.mortal.extend_from_slice(parts);
        self
    }

    /// The load goes through this address.
    #[must_use]
    pub fn through(mut self, door: String) -> Self {
        self.door = Some(door);
        self
    }

    /// Dead letters are part of it.
    #[must_use]
    pub fn with_letters(mut self) -> Self {
        self.letters_expected = true;
        self
    }

    /// No client may notice anything: no 5xx, no connection that breaks.
    #[must_use]
    pub fn seamless(mut self) -> Self {
        self.seamless = true;
        self
    }

    /// All is well again within this time.
    #[must_use]
    pub fn well_within(mut self, time: Duration) -> Self {
        self.recovered = time;
        self
    }

    /// Moments and choices of this drill.
    #[must_use]
    pub fn random(&self) -> StdRng {
        StdRng::seed_from_u64(self.settings.seed)
    }

    /// Writes down a broken promise.
    pub fn broken(&self, what: impl Into<String>) {
        self.found().broken.push(what.into());
    }

    /// Writes down that something must have held.
    pub fn must(&self, held: bool, what: impl FnOnce() -> String) {
        if !held {
            self.broken(what());
        }
    }

    /// Writes down what was seen.
    pub fn note(&self, what: impl Into<String>) {
        self.found().notes.push(what.into());
    }

    pub(super) fn found(&self) -> std::sync::MutexGuard<'_, Outcome> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was found, for a drill without load.
    pub fn finish(self) -> Outcome {
        self.found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps up load, does `fault` after a fifth of it, sees how long recovery takes and looks at every promise.
    ///
    /// # Errors
    /// Where the drill itself can't go on.
    pub async fn under_load(self, fault: impl AsyncFnOnce(&Self) -> Result<()>) -> Result<Outcome> {
        Box::pin(self.drilled(fault)).await
    }

    async fn drilled(self, fault: impl AsyncFnOnce(&Self) -> Result<()>) -> Result<Outcome> {
        let progress = Progress::default();
        let load = self.load();
        let api = Api::new(self.door.as_deref().unwrap_or(self.stack.api_url()), REQUEST)?;
        let mut watch = Watch::default();
        let begun = clock::now();
        let (report, (broke, recovery, recovered)) = {
            let watching = watch.keep(&self.stack, &self.parts, &self.mortal);
            let drill = async {
                tokio::try_join!(
                    load.run(api, Arc::clone(&self.history), progress.clone()),
                    async {
                        progress.reached(load.orders / 5).await;
                        let broke = clock::now();
                        fault(&self).await.context("the fault can't be made")?;
                        anyhow::Ok((broke, self.recovery().await?, clock::now()))
                    }
                )
            };
            tokio::select! {
                done = drill => done?,
                () = watching => anyhow::bail!("nobody watches the services"),
            }
        };
        self.found().count(&report);
        self.found().recovery = recovery;
        let noticed = report.put_off + report.unknown_attempts;
        self.must(!self.seamless || noticed == 0, || {
            format!("clients noticed: {noticed} requests were put off or broken")
        });
        let records = self.history.records();
        let (before, usual) = (
            usual(&records, begun..broke),
            usual(&records, recovered..Timestamp::MAX),
        );
        let slower = usual
            .zip(before)
            .is_some_and(|(now, then)| now > USUAL + then * 5);
        self.must(!slower, || {
            format!(
                "slow long after the fault: half of the answers took {usual:?} or more, {before:?} before it"
            )
        });
        let limit = self.recovered;
        self.must(recovery.is_some_and(|took| took <= limit), || {
            format!("not well again within {limit:?}: {recovery:?}")
        });
        self.found().broken.extend(watch.broken());
        self.note(format!("{}; usual after the fault: {usual:.1?}", watch.note()));
        self.judge().await?;
        Ok(self.finish())
    }

    pub(super) fn load(&self) -> Load {
        Load {
            pace: Pace::PerSecond(self.settings.rate),
            orders: self.settings.orders(),
            guests: 16,
            first_guest: 0,
            skew: 1.0,
            seed: self.settings.seed,
            retry_budget: self.settings.length + PATIENCE,
            follow: 0.1,
        }
    }

    /// How long it takes, from now, until all that was accepted is settled and another order is accepted. None where it takes too long.
    async fn recovery(&self) -> Result<Option<Duration>> {
        let (healed, begun) = (clock::now(), Instant::now());
        let accepted = check::accepted(&self.history.records());
        let settled = eventually("what was accepted to be settled", PATIENCE, async || {
            let states = self.storage.states().await.ok()?;
            let all = accepted
                .iter()
                .all(|order| states.get(order).is_some_and(|(_, state)| is_settled(*state)));
            all.then_some(())
        });
        let accepts = eventually("an order to be accepted", PATIENCE, async || {
            (self.accepted_since(healed) || matches!(self.probe().await, Answer::Accepted { .. }))
                .then_some(())
        });
        Ok(tokio::try_join!(settled, accepts)
            .is_ok()
            .then(|| begun.elapsed()))
    }

    fn accepted_since(&self, moment: Timestamp) -> bool {
        let records = self.history.records();
        records
            .iter()
            .rev()
            .take_while(|record| record.at > moment)
            .any(|record| matches!(record.what, What::Accepted { .. }))
    }

    /// Looks at what is stored, what waits, what was given up and who died. What still waits is late, not lost: it is waited for.
    async fn judge(&self) -> Result<()> {
        let empty = eventually("nothing to wait in ORDERS", PATIENCE, async || {
            are_empty(&self.stack, &["ORDERS", "CATALOG"])
                .await
                .ok()?
                .then_some(())
        });
        if let Err(error) = empty.await {
            self.broken(error.to_string());
        }
        let history = self.history.records();
        let audit = app::settled(&self.storage, &history, RECOVERED).await?;
        self.found()
            .judge(&check::check(&history, &audit, Expectations::default()));
        let letters = dead_letters(&self.stack).await?;
        self.must(self.letters_expected || letters.is_empty(), || {
            format!("{} dead letters, e.g. {}", letters.len(), letters[0])
        });
        for (part, status) in self.stack.dead().await {
            self.broken(format!("{part} ended: {status}"));
        }
        Ok(())
    }

    /// Leaves things as they are for this long.
    pub async fn hold(&self, time: Duration) {
        sleep(time).await;
    }
}
