//! How we stand with a push service, told to the operator when it changes.

use std::sync::{Mutex, PoisonError};

use chassis::clock;
use storage::{Platform, Storage};

/// What the operator is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct View {
    /// Why we are refused.
    barred: Option<String>,
    /// Whether no device is removed.
    stopped: bool,
}

/// Of one platform.
#[derive(Debug)]
pub(super) struct Standing {
    platform: Platform,
    storage: Storage,
    now: Mutex<View>,
    /// What was last written; nothing yet, so that what a replica before this one wrote is corrected.
    written: tokio::sync::Mutex<Option<View>>,
}

impl Standing {
    pub(super) fn new(platform: Platform, storage: Storage) -> Self {
        Self {
            platform,
            storage,
            now: Mutex::default(),
            written: tokio::sync::Mutex::default(),
        }
    }

    /// The service refuses us, or took something (`None`).
    pub(super) async fn barred(&self, why: Option<&str>) {
        self.change(|view| {
            // The words may be others each time; the first ones stay.
            if view.barred.is_some() != why.is_some() {
                view.barred = why.map(str::to_owned);
            }
        })
        .await;
    }

    /// Devices are removed, or not.
    pub(super) async fn removals(&self, stopped: bool) {
        let gauge = if stopped { 1.0 } else { 0.0 };
        metrics::gauge!("push_removals_stopped", "platform" => self.platform.as_str()).set(gauge);
        self.change(|view| view.stopped = stopped).await;
    }

    /// Whether no device is removed.
    pub(super) fn is_stopped(&self) -> bool {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).stopped
    }

    /// Written by whoever finds that it is another; where that fails, by whoever comes next.
    async fn change(&self, change: impl FnOnce(&mut View)) {
        change(&mut self.now.lock().unwrap_or_else(PoisonError::into_inner));
        let Ok(mut written) = self.written.try_lock() else {
            return;
        };
        let view = self.now.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if written.as_ref() == Some(&view) {
            return;
        }
        let noted = self
            .storage
            .note_push_platform(self.platform, view.barred.as_deref(), view.stopped, clock::now())
            .await;
        match noted {
            Ok(()) => *written = Some(view),
            Err(error) => {
                tracing::warn!(platform = self.platform.as_str(), %error, "how we stand with a push service is not noted yet");
            }
        }
    }
}
