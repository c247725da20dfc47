//! Campaigns that were called off: their pushes are not sent.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use messaging::HandlerError;
use storage::Storage;
use uuid::Uuid;

use crate::unavailable;

/// How long an answer of the database is believed.
const BELIEVED: Duration = Duration::from_secs(1);

/// What is known of the campaigns whose pushes come by.
#[derive(Debug, Default)]
pub(super) struct CalledOff {
    known: Mutex<HashMap<Uuid, (Instant, bool)>>,
}

impl CalledOff {
    /// Whether the campaign was called off, as of a second ago.
    pub(super) async fn is(&self, campaign: Uuid, storage: &Storage) -> Result<bool, HandlerError> {
        if let Some(known) = self.known(campaign) {
            return Ok(known);
        }
        let asked = Instant::now();
        let called_off = storage
            .campaign_is_cancelled(campaign)
            .await
            .map_err(unavailable)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (at, _)| at.elapsed() < BELIEVED);
        known.insert(campaign, (asked, called_off));
        Ok(called_off)
    }

    fn known(&self, campaign: Uuid) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, called_off) = known.get(&campaign)?;
        (at.elapsed() < BELIEVED).then_some(*called_off)
    }
}
