//! What the sandbox remembers, no more than its limits: devices in a file too, what arrived in memory only.

mod many;

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::broadcast;

use crate::clock::Clock;
use crate::delivery::{Delivery, Filter, Push, Refusal};
use crate::device::{Device, NewDevice, Platform};
use crate::fault::{Fault, FaultKind};
use crate::mail::Inbox;
use crate::register::Register;
use crate::samples::Samples;
use crate::storm::Storms;
use crate::tally::Tally;
use crate::tls::Connections;

/// The last deliveries that are kept.
pub const KEPT_DELIVERIES: usize = 10_000;
const KEPT_REFUSALS: usize = 1_000;
/// The most pretend devices at once.
pub const MOST_DEVICES: usize = 250_000;

/// Something the page should show.
#[derive(Debug, Clone)]
pub(crate) enum News {
    /// This device's screen changed.
    Screen(String),
    /// A request was turned away.
    Refused,
    /// The inbox, or what the mail server turned away, changed.
    Mail,
    /// Everything may have changed.
    All,
}

/// Why a pretend device can't be made.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There are too many already.
    #[error("there are {MOST_DEVICES} pretend devices already; start the sandbox with a new data folder")]
    TooMany,
    /// The file of devices can't be written.
    #[error("the file of pretend devices can't be written")]
    File(#[from] std::io::Error),
}

pub(crate) struct State {
    pub clock: Clock,
    pub inbox: Inbox,
    /// Faults by share.
    pub(crate) storms: Storms,
    /// Requests that are kept as they came.
    pub(crate) samples: Samples,
    /// Those at the push port.
    pub(crate) connections: Connections,
    inner: Mutex<Inner>,
    news: broadcast::Sender<News>,
}

#[derive(Default)]
struct Inner {
    /// Where new devices are written; none in a test that needs no file.
    register: Option<Register>,
    devices: HashMap<String, Device>,
    order: Vec<String>,
    by_address: HashMap<String, String>,
    deliveries: VecDeque<Delivery>,
    /// How often each device took each collapse key, also of what is no longer kept.
    tally: Tally,
    refusals: VecDeque<Refusal>,
    sequence: u64,
    sign_ins: u64,
}

impl Inner {
    fn add(&mut self, mut device: Device) {
        device.number = u32::try_from(self.order.len()).unwrap_or(u32::MAX);
        self.by_address
            .insert(device.channel.address().to_owned(), device.id.clone());
        self.order.push(device.id.clone());
        self.devices.insert(device.id.clone(), device);
    }
}

impl State {
    /// With the devices that an earlier run has left.
    pub(crate) fn new(clock: Clock, register: Option<Register>, known: Vec<Device>) -> Self {
        let mut inner = Inner {
            register,
            ..Inner::default()
        };
        for device in known {
            inner.add(device);
        }
        Self {
            clock,
            inbox: Inbox::default(),
            storms: Storms::default(),
            samples: Samples::default(),
            connections: Connections::default(),
            inner: Mutex::new(inner),
            news: broadcast::channel(256).0,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    pub(crate) fn add_device(&self, wanted: &NewDevice) -> Result<Device, DeviceError> {
        let mut inner = self.lock();
        if inner.devices.len() >= MOST_DEVICES {
            return Err(DeviceError::TooMany);
        }
        let device = Device::new(wanted, inner.order.len() + 1, self.clock.now());
        if let Some(register) = &mut inner.register {
            register.add(&device)?;
        }
        inner.add(device.clone());
        drop(inner);
        self.tell(News::Screen(device.id.clone()));
        Ok(device)
    }

    /// All devices but those made in bulk, oldest first.
    pub(crate) fn devices(&self) -> Vec<Device> {
        let inner = self.lock();
        inner
            .order
            .iter()
            .filter_map(|id| inner.devices.get(id))
            .filter(|device| !device.bulk)
            .cloned()
            .collect()
    }

    pub(crate) fn device(&self, id: &str) -> Option<Device> {
        self.lock().devices.get(id).cloned()
    }

    pub(crate) fn device_at(&self, platform: Platform, address: &str) -> Option<Device> {
        let inner = self.lock();
        let id = inner.by_address.get(address)?;
        inner
            .devices
            .get(id)
            .filter(|device| device.platform == platform)
            .cloned()
    }

    pub(crate) fn set_fault(&self, id: &str, fault: Option<Fault>) -> Option<Device> {
        let mut inner = self.lock();
        let device = inner.devices.get_mut(id)?;
        device.fault = fault.filter(|fault| fault.times != Some(0));
        let device = device.clone();
        drop(inner);
        self.tell(News::Screen(device.id.clone()));
        Some(device)
    }

    /// The fault that hits this request, counted down.
    pub(crate) fn take_fault(&self, id: &str) -> Option<Fault> {
        let mut inner = self.lock();
        let device = inner.devices.get_mut(id)?;
        let fault = device.fault.clone()?;
        if let Some(times) = device.fault.as_mut().and_then(|fault| fault.times.as_mut()) {
            *times -= 1;
            if *times == 0 {
                device.fault = None;
            }
        }
        Some(fault)
    }

    pub(crate) fn take(&self, device: &Device, push: Push) {
        let mut inner = self.lock();
        inner.sequence += 1;
        let delivery = Delivery {
            sequence: inner.sequence,
            at: self.clock.now(),
            platform: device.platform,
            device: device.id.clone(),
            channel: device.channel.address().to_owned(),
            provider_id: push.provider_id,
            collapse_key: push.collapse_key,
            title: push.title,
            body: push.body,
            options: push.options,
            payload: push.payload,
        };
        if let Some(device) = inner.devices.get_mut(&device.id) {
            device.deliveries += 1;
        }
        inner
            .tally
            .note(device.number, delivery.collapse_key.as_deref(), delivery.at);
        keep(&mut inner.deliveries, delivery, KEPT_DELIVERIES);
        drop(inner);
        // The page does not show those of which there are many.
        if !device.bulk {
            self.tell(News::Screen(device.id.clone()));
        }
    }

    pub(crate) fn refuse(&self, refusal: Refusal) {
        tracing::info!(
            platform = refusal.platform.as_str(),
            status = refusal.status,
            reason = refusal.reason,
            explanation = refusal.explanation,
            "refused a push request"
        );
        keep(&mut self.lock().refusals, refusal, KEPT_REFUSALS);
        self.tell(News::Refused);
    }

    /// The deliveries a filter wants, oldest first.
    pub(crate) fn deliveries(&self, filter: &Filter) -> Vec<Delivery> {
        self.lock()
            .deliveries
            .iter()
            .filter(|delivery| filter.wants(delivery))
            .cloned()
            .collect()
    }

    /// Notes that a sender got an access token.
    pub(crate) fn signed_in(&self) {
        self.lock().sign_ins += 1;
    }

    pub(crate) fn sign_ins(&self) -> u64 {
        self.lock().sign_ins
    }

    /// The refusals, oldest first.
    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        self.lock().refusals.iter().cloned().collect()
    }

    /// Forgets what arrived; the devices stay.
    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        inner.deliveries.clear();
        inner.tally = Tally::default();
        inner.refusals.clear();
        drop(inner);
        self.inbox.clear();
        self.tell(News::All);
    }

    /// Says that the inbox, or what was turned away there, changed.
    pub(crate) fn tell_of_mail(&self) {
        self.tell(News::Mail);
    }

    fn tell(&self, news: News) {
        // Nobody looks at the page: nobody is to be told.
        let _ = self.news.send(news);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep<T>(kept: &mut VecDeque<T>, one: T, most: usize) {
    if kept.len() == most {
        kept.pop_front();
    }
    kept.push_back(one);
}

impl Fault {
    pub(crate) fn takes_the_push(&self) -> bool {
        matches!(self.kind, FaultKind::Slow | FaultKind::GoAway | FaultKind::Reset)
    }
}

#[cfg(test)]
mod tests;
