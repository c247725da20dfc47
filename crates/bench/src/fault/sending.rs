//! Orders that a drill sends by hand, beside its load; they stand in the same history.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chassis::clock;
use domain::OrderDraft;

use super::Drill;
use crate::history::{Record, What};
use crate::{Answer, Api, Guest, Load, Pace, Progress, Report, api, shopping};

/// The guest who asks while something is broken; the load's have lower numbers.
const PROBE: u32 = u32::MAX;

impl Drill {
    /// The REST API.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The guest of [`Drill::probe`].
    #[must_use]
    pub fn guest(&self) -> &Guest {
        &self.guest
    }

    /// Sends an order now, once.
    pub async fn probe(&self) -> Answer {
        let key = format!("probe-{}", clock::random_id().simple());
        self.send(&key, 1, &[("earl-grey-bergamot".to_owned(), 1)]).await
    }

    /// Sends an order of one guest under this key.
    pub async fn send(&self, key: &str, attempt: u32, lines: &[(String, i64)]) -> Answer {
        self.send_as(&self.guest, PROBE, key, attempt, lines).await
    }

    /// Sends an order with a note.
    pub async fn send_noted(&self, key: &str, lines: &[(String, i64)], note: &str) -> Answer {
        let mut draft = shopping::draft(lines);
        draft.note = Some(note.to_owned());
        self.write_down(&self.guest, PROBE, key, 1, &draft).await
    }

    /// Sends an order of a guest with this number in the history.
    pub async fn send_as(
        &self,
        guest: &Guest,
        number: u32,
        key: &str,
        attempt: u32,
        lines: &[(String, i64)],
    ) -> Answer {
        self.write_down(guest, number, key, attempt, &shopping::draft(lines))
            .await
    }

    /// Sends more orders beside the load, each once. Several of these need different `first_guest`s, from 1,000 on.
    pub(super) async fn beside(&self, pace: Pace, orders: u64, first_guest: u32) -> Result<Report> {
        let load = Load {
            pace,
            orders,
            first_guest,
            retry_budget: Duration::ZERO,
            follow: 0.0,
            ..self.load()
        };
        let history = Arc::clone(&self.history);
        let report = load.run(self.api.clone(), history, Progress::default()).await?;
        self.found().count(&report);
        Ok(report)
    }

    async fn write_down(
        &self,
        guest: &Guest,
        number: u32,
        key: &str,
        attempt: u32,
        draft: &OrderDraft,
    ) -> Answer {
        let write = |what| {
            self.history.write(Record {
                at: clock::now(),
                key: key.to_owned(),
                guest: number,
                attempt,
                what,
            });
        };
        let lines = draft.lines.iter().map(|line| (line.sku.clone(), line.quantity));
        write(What::Attempted {
            lines: lines.collect(),
        });
        let answer = match api::body(draft) {
            Ok(body) => self.api.submit(guest, key, body).await,
            Err(error) => Answer::Unknown(error.to_string()),
        };
        write(match answer.clone() {
            Answer::Accepted { order, replayed } => What::Accepted { order, replayed },
            Answer::Refused { status, problem, .. } => What::Refused { status, problem },
            Answer::Unknown(why) => What::Unknown { why },
        });
        answer
    }
}
