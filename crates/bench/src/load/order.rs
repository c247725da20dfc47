//! One order, sent until its outcome is known.

use std::sync::Arc;
use std::time::Duration;

use chassis::clock;
use domain::{OrderId, OrderState};
use tokio::time::{Instant, sleep};

use super::Run;
use crate::history::{Record, What};
use crate::{Answer, Guest, Snapshot, api};

/// Before the first retry; doubled with each, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Between two looks of a reader.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long a reader looks on once the order is settled: a stale copy shows up after the fresh one.
const LINGER: Duration = Duration::from_secs(2);

/// An order on its way.
struct Errand {
    run: Arc<Run>,
    key: String,
    guest: usize,
    /// When it should have been sent: latency counts from here, so that waiting in our own queue counts too.
    due: Instant,
}

pub(super) async fn place(run: Arc<Run>, number: u64, due: Instant) {
    run.progress.begin();
    let guests = run.guests.len() as u64;
    let errand = Errand {
        key: format!("{}-{number:06}", run.name),
        // Less than the number of guests, which is a u32.
        guest: usize::try_from(number % guests).unwrap_or_default(),
        due,
        run,
    };
    if let Some(order) = errand.send(number).await
        && rand::random::<f64>() < errand.run.load.follow
    {
        errand.follow(order).await;
    }
}

impl Errand {
    /// Sends it, again and again under the same key, until it is accepted or refused for good, or the budget is spent.
    async fn send(&self, number: u64) -> Option<OrderId> {
        let draft = self.run.shopping.order(number);
        let lines: Vec<_> = draft
            .lines
            .iter()
            .map(|line| (line.sku.clone(), line.quantity))
            .collect();
        let Ok(body) = api::body(&draft) else { return None };
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            self.write(attempt, What::Attempted { lines: lines.clone() });
            let answer = self.run.api.submit(self.guest(), &self.key, body.clone()).await;
            self.run.tally.attempt(&answer);
            let wait = match answer {
                Answer::Accepted { order, replayed } => {
                    self.write(attempt, What::Accepted { order, replayed });
                    self.run.latency.record(self.due.elapsed());
                    return Some(order);
                }
                Answer::Refused {
                    status,
                    problem,
                    retry_after,
                } => {
                    self.write(attempt, What::Refused { status, problem });
                    if !is_temporary(status) {
                        self.run.tally.refused();
                        return None;
                    }
                    retry_after
                }
                Answer::Unknown(why) => {
                    self.write(attempt, What::Unknown { why });
                    None
                }
            };
            let wait = wait
                .unwrap_or(pause)
                .min(LONGEST_PAUSE)
                .mul_f64(rand::random_range(0.5..1.0));
            if self.due.elapsed() + wait > self.run.load.retry_budget {
                break;
            }
            sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.run.tally.given_up();
        None
    }

    /// Reads the order until it is settled and a while longer, and writes down each change, also one that goes back.
    async fn follow(&self, order: OrderId) {
        let (mut last, mut until) = (None, Instant::now() + self.run.load.retry_budget);
        while Instant::now() < until {
            if let Ok(Some(now)) = self.run.api.order(self.guest(), order).await
                && last != Some(now)
            {
                let Snapshot { version, state } = now;
                self.write(
                    0,
                    What::Seen {
                        order,
                        version,
                        state,
                    },
                );
                if is_settled(state) {
                    until = until.min(Instant::now() + LINGER);
                }
                last = Some(now);
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    fn guest(&self) -> &Guest {
        &self.run.guests[self.guest]
    }

    fn write(&self, attempt: u32, what: What) {
        let number = u32::try_from(self.guest).unwrap_or_default();
        self.run.history.write(Record {
            at: clock::now(),
            key: self.key.clone(),
            guest: self.run.load.first_guest + number,
            attempt,
            what,
        });
    }
}

/// Whether the same request may be taken later.
fn is_temporary(status: u16) -> bool {
    status >= 500 || matches!(status, 408 | 425 | 429)
}

/// Whether the order was decided.
pub(crate) fn is_settled(state: OrderState) -> bool {
    !matches!(
        state,
        OrderState::Submitted | OrderState::AwaitingUploads | OrderState::Held
    )
}
