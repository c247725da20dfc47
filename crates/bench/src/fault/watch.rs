//! Eyes on the processes while something is broken.

use std::collections::BTreeMap;
use std::time::Duration;

use devstack::{Part, Stack};
use tokio::time::{MissedTickBehavior, interval};

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// How long a service may take to say that it lives.
const PATIENCE: Duration = Duration::from_secs(2);
/// After how many looks in a row without an answer it would be restarted.
const RESTARTED_AFTER: u32 = 3;
/// How much a service may grow while a fault lasts, in KiB.
const MAY_GROW: u64 = 128 * 1024;

/// What was seen of one service.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    silent: u32,
    longest_silent: u32,
    first: u64,
    most: u64,
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Watch {
    services: BTreeMap<Part, Seen>,
}

impl Watch {
    /// Looks at the services but `except` until it is dropped.
    pub(super) async fn keep(&mut self, stack: &Stack, parts: &[Part], except: &[Part]) {
        let Ok(http) = reqwest::Client::builder().timeout(PATIENCE).build() else {
            return;
        };
        let mut ticks = interval(LOOK_AGAIN);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            for part in parts.iter().filter(|part| !except.contains(part)) {
                let answer = http.get(format!("{}/livez", stack.admin_url(*part))).send().await;
                let seen = self.services.entry(*part).or_default();
                let lives = answer.is_ok_and(|answer| answer.status().is_success());
                seen.silent = if lives { 0 } else { seen.silent + 1 };
                seen.longest_silent = seen.longest_silent.max(seen.silent);
                if let Ok(Some(id)) = stack.id(*part).await {
                    let memory = resident_kib(id).unwrap_or_default();
                    seen.most = seen.most.max(memory);
                    if seen.first == 0 {
                        seen.first = memory;
                    }
                }
            }
        }
    }

    /// What must not be.
    pub(super) fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (part, seen) in &self.services {
            if seen.longest_silent >= RESTARTED_AFTER {
                broken.push(format!(
                    "{part} did not say that it lives, {} times in a row",
                    seen.longest_silent
                ));
            }
            if seen.most > seen.first + MAY_GROW {
                broken.push(format!(
                    "{part} grew from {} to {} MiB",
                    seen.first / 1024,
                    seen.most / 1024
                ));
            }
        }
        broken
    }

    /// How large the services were.
    pub(super) fn note(&self) -> String {
        let sizes = self
            .services
            .iter()
            .map(|(part, seen)| format!("{part} {}→{}", seen.first / 1024, seen.most / 1024));
        format!("memory in MiB: {}", sizes.collect::<Vec<_>>().join(", "))
    }
}

/// What a process keeps in memory; none where there is no `/proc`.
fn resident_kib(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
