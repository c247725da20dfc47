//! Someone who looks at the web shop while something is broken.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use super::Outcome;

/// Between two pages.
const PAUSE: Duration = Duration::from_millis(40);
/// How long a page may take before it is held to be stuck.
const PATIENCE: Duration = Duration::from_secs(15);

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Visits {
    good: AtomicU32,
    errors: AtomicU32,
    broken_off: AtomicU32,
    stuck: AtomicU32,
}

impl Visits {
    /// Where nobody may notice anything.
    pub(super) fn judge(&self, outcome: &mut Outcome) {
        let count = |count: &AtomicU32| count.load(Ordering::Relaxed);
        let (errors, broken_off) = (count(&self.errors), count(&self.broken_off) + count(&self.stuck));
        if count(&self.good) + errors + broken_off > 0 {
            outcome.notes.push(self.note());
        }
        if errors + broken_off > 0 {
            outcome.broken.push(format!("visitors noticed: {}", self.note()));
        }
    }

    /// Whether a page never ended.
    pub(super) fn stuck(&self) -> u32 {
        self.stuck.load(Ordering::Relaxed)
    }

    pub(super) fn note(&self) -> String {
        let count = |count: &AtomicU32| count.load(Ordering::Relaxed);
        format!(
            "{} pages, {} answered with an error, {} broken off, {} stuck",
            count(&self.good),
            count(&self.errors),
            count(&self.broken_off),
            count(&self.stuck)
        )
    }
}

/// Someone with a browser.
#[derive(Debug)]
pub(super) struct Visitor {
    http: reqwest::Client,
    url: String,
}

impl Visitor {
    /// Of the web shop at `url`.
    pub(super) fn new(url: &str) -> Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder().timeout(PATIENCE).build()?,
            url: url.to_owned(),
        })
    }

    /// One page. Says whether it is good.
    pub(super) async fn visit(&self, visits: &Visits) -> bool {
        let answer = self.http.get(&self.url).send().await;
        let counter = match &answer {
            Ok(answer) if answer.status().is_success() => &visits.good,
            Ok(_) => &visits.errors,
            Err(error) if error.is_timeout() => &visits.stuck,
            Err(_) => &visits.broken_off,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// One page after the other, for ever.
    pub(super) async fn keep_visiting(&self, visits: &Visits) -> Result<()> {
        loop {
            self.visit(visits).await;
            sleep(PAUSE).await;
        }
    }
}
