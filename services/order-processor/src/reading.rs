//! Deliveries as commands, and what becomes of those that are none.

use std::collections::HashSet;
use std::time::Duration;

use domain::OrderCommand;
use messaging::commands::{Unreadable, read_order_command};
use messaging::{Delivery, Outcome};

/// How long a command of a newer version waits between looks: until this program is replaced.
const NEWER_VERSION_WAIT: Duration = Duration::from_secs(30);

/// A batch, read: the commands in stream order, and the outcomes of what is none.
#[derive(Debug, Default)]
pub(crate) struct Readings {
    /// The commands, each with its place in the batch.
    pub(crate) commands: Vec<(usize, OrderCommand)>,
    /// Outcomes that are settled already, with their places.
    pub(crate) settled: Vec<(usize, Outcome)>,
}

impl Readings {
    /// Reads `deliveries`. Where one has to wait for a newer program, later ones of the same order wait behind it.
    pub(crate) fn of(deliveries: &[Delivery]) -> Self {
        let mut readings = Self::default();
        let mut waiting: HashSet<&str> = HashSet::new();
        for (place, delivery) in deliveries.iter().enumerate() {
            if waiting.contains(delivery.key()) {
                let why = "an earlier command of its order waits".to_owned();
                readings.settled.push((
                    place,
                    Outcome::Wait {
                        after: NEWER_VERSION_WAIT,
                        why,
                    },
                ));
                continue;
            }
            match read_order_command(delivery) {
                Ok(command) => readings.commands.push((place, command)),
                Err(unreadable) => {
                    if matches!(unreadable, Unreadable::Newer(_)) {
                        waiting.insert(delivery.key());
                    }
                    readings.settled.push((place, unread(delivery, unreadable)));
                }
            }
        }
        readings
    }
}

/// What becomes of a delivery that is no command this program can read. A newer version waits and alarms; nonsense is a dead letter.
pub(crate) fn unread(delivery: &Delivery, unreadable: Unreadable) -> Outcome {
    match unreadable {
        Unreadable::Newer(why) => {
            let (kind, sequence) = (&delivery.envelope.kind, delivery.sequence);
            tracing::error!(
                kind,
                stream = delivery.stream,
                sequence,
                "a command of a newer version waits: upgrade this service"
            );
            metrics::counter!("commands_of_newer_version_total", "stream" => delivery.stream.clone())
                .increment(1);
            Outcome::Wait {
                after: NEWER_VERSION_WAIT,
                why,
            }
        }
        Unreadable::Never(why) => Outcome::Reject {
            reason: "undecodable",
            why,
        },
    }
}

/// The outcomes of a whole batch of `length`, in its order.
pub(crate) fn in_order(length: usize, mut outcomes: Vec<(usize, Outcome)>) -> Vec<Outcome> {
    outcomes.sort_by_key(|(place, _)| *place);
    debug_assert!(
        outcomes.iter().map(|(place, _)| *place).eq(0..length),
        "one outcome per delivery"
    );
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}
