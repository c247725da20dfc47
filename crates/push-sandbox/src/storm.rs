//! Faults by share: so many of a platform's requests go wrong, the same ones for the same seed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use crate::device::{Device, Platform};
use crate::fault::{Fault, FaultKind};
use crate::tls::Connection;

/// A connection that becomes a black hole has carried so many requests before.
const HOLE_AFTER: u64 = 20;

/// Which share of requests goes wrong, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shares {
    /// Too many requests, with `Retry-After` where one is given.
    #[serde(rename = "429")]
    pub throttled: f64,
    /// The service fails: 500 and 503 in turn.
    #[serde(rename = "5xx")]
    pub failing: f64,
    /// No answer; the push is not taken.
    #[serde(rename = "time-out")]
    pub silent: f64,
    /// Of the devices, not of the requests: their app is gone, for ever.
    pub gone: f64,
}

impl Shares {
    fn are_shares(&self) -> bool {
        let all = [self.throttled, self.failing, self.silent, self.gone];
        all.iter().all(|share| (0.0..=1.0).contains(share))
            && self.throttled + self.failing + self.silent <= 1.0
    }
}

/// Faults by share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storm {
    /// Over one platform; over all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The same one hits the same devices, and the same requests by their place in the row.
    pub seed: u64,
    /// How much goes wrong.
    pub shares: Shares,
    /// Seconds for the `Retry-After` header of those that are too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// After so many requests over HTTP/2 the connection of the last one says GOAWAY.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goaway_every: Option<u64>,
    /// So many HTTP/2 connections become black holes: they stay open, and nothing comes back on them, not even a ping.
    #[serde(default)]
    pub black_holes: u32,
}

/// How often each fault was shown.
#[derive(Debug, Default)]
struct Shown {
    requests: AtomicU64,
    over_http2: AtomicU64,
    throttled: AtomicU64,
    failing: AtomicU64,
    silent: AtomicU64,
    gone: AtomicU64,
    goaways: AtomicU64,
    black_holes: AtomicU64,
}

/// A storm that rages.
#[derive(Debug)]
struct Raging {
    storm: Storm,
    holes_left: AtomicU32,
    shown: Shown,
}

/// What a storm has done so far.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    #[serde(flatten)]
    storm: Storm,
    /// How often each fault was shown.
    shown: HashMap<&'static str, u64>,
}

/// The storms over the platforms.
#[derive(Debug, Default)]
pub(crate) struct Storms(RwLock<HashMap<Platform, Arc<Raging>>>);

impl Storms {
    /// Lets a storm rage, over one platform or all, in place of any before. False where its shares are none.
    pub(crate) fn rage(&self, storm: &Storm) -> bool {
        if !storm.shares.are_shares() {
            return false;
        }
        let platforms = storm
            .platform
            .map_or_else(|| Platform::ALL.to_vec(), |platform| vec![platform]);
        let raging = Arc::new(Raging {
            holes_left: AtomicU32::new(storm.black_holes),
            storm: storm.clone(),
            shown: Shown::default(),
        });
        let mut storms = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for platform in platforms {
            storms.insert(platform, Arc::clone(&raging));
        }
        true
    }

    /// Ends all storms. Connections that are black holes stay so.
    pub(crate) fn calm(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The storms there are.
    pub(crate) fn told(&self) -> Vec<Told> {
        let storms = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut told: Vec<&Arc<Raging>> = Vec::new();
        for raging in storms.values() {
            if !told.iter().any(|known| Arc::ptr_eq(known, raging)) {
                told.push(raging);
            }
        }
        told.into_iter().map(|raging| raging.told()).collect()
    }

    /// Whether the device's app is gone.
    pub(crate) fn is_gone(&self, device: &Device) -> bool {
        self.over(device.platform)
            .is_some_and(|raging| raging.is_gone(device))
    }

    /// What hits this request.
    pub(crate) fn hit(&self, device: &Device, connection: &Connection) -> Option<Fault> {
        self.over(device.platform)?.hit(device, connection)
    }

    fn over(&self, platform: Platform) -> Option<Arc<Raging>> {
        let storms = self.0.read().unwrap_or_else(PoisonError::into_inner);
        storms.get(&platform).cloned()
    }
}

impl Raging {
    fn is_gone(&self, device: &Device) -> bool {
        let (high, low) = device.installation_id.as_u64_pair();
        unit(self.storm.seed, high ^ low) < self.storm.shares.gone
    }

    fn hit(&self, device: &Device, connection: &Connection) -> Option<Fault> {
        let number = self.shown.requests.fetch_add(1, Ordering::Relaxed);
        if connection.http2 && self.hits_connection(connection) {
            return Some(Fault::new(FaultKind::BlackHole));
        }
        if self.is_gone(device) {
            count(&self.shown.gone);
            return Some(Fault::new(FaultKind::Gone));
        }
        let (drawn, shares) = (unit(!self.storm.seed, number), &self.storm.shares);
        if drawn < shares.throttled {
            count(&self.shown.throttled);
            return Some(Fault {
                retry_after: self.storm.retry_after,
                ..Fault::new(FaultKind::Throttled)
            });
        }
        if drawn < shares.throttled + shares.failing {
            let before = self.shown.failing.fetch_add(1, Ordering::Relaxed);
            let kinds = [FaultKind::InternalError, FaultKind::Unavailable];
            return Some(Fault::new(kinds[usize::from(before % 2 == 1)]));
        }
        if drawn < shares.throttled + shares.failing + shares.silent {
            count(&self.shown.silent);
            return Some(Fault::new(FaultKind::BlackHole));
        }
        None
    }

    /// Whether the connection is, or becomes, a black hole; it may say GOAWAY instead.
    fn hits_connection(&self, connection: &Connection) -> bool {
        if connection.hole.is_cancelled() {
            return true;
        }
        let carried = connection.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let may = |left: u32| left.checked_sub(1);
        if carried == HOLE_AFTER
            && self
                .holes_left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, may)
                .is_ok()
        {
            count(&self.shown.black_holes);
            connection.hole.cancel();
            return true;
        }
        let all = self.shown.over_http2.fetch_add(1, Ordering::Relaxed) + 1;
        let every = self.storm.goaway_every;
        if every.is_some_and(|every| every > 0 && all.is_multiple_of(every)) {
            count(&self.shown.goaways);
            connection.drain.cancel();
        }
        false
    }

    fn told(&self) -> Told {
        let shown = &self.shown;
        let counts = [
            ("requests", &shown.requests),
            ("429", &shown.throttled),
            ("5xx", &shown.failing),
            ("time-out", &shown.silent),
            ("gone", &shown.gone),
            ("goaway", &shown.goaways),
            ("black-hole", &shown.black_holes),
        ];
        Told {
            storm: self.storm.clone(),
            shown: counts
                .into_iter()
                .map(|(name, count)| (name, count.load(Ordering::Relaxed)))
                .collect(),
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// From 0 to 1, evenly, by seed and number (SplitMix64).
fn unit(seed: u64, number: u64) -> f64 {
    let mut mixed = seed.wrapping_add(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^= mixed >> 31;
    // 53 bits are what a float holds.
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests;
