//! Devices by the ten thousand: made at once, counted exactly.

use std::collections::BTreeMap;

use super::{DeviceError, MOST_DEVICES, News, State};
use crate::device::{Device, NewDevices};
use crate::tally::{Group, Summary, Taken};

impl State {
    /// Makes many devices at once, and writes them to their file in one go.
    pub(crate) fn add_devices(&self, wanted: &NewDevices) -> Result<Vec<Device>, DeviceError> {
        let (each, now) = (wanted.each(), self.clock.now());
        let mut inner = self.lock();
        if inner.devices.len().saturating_add(wanted.count) > MOST_DEVICES {
            return Err(DeviceError::TooMany);
        }
        let first = inner.order.len() + 1;
        let made: Vec<Device> = (0..wanted.count)
            .map(|index| Device {
                bulk: true,
                ..Device::new(&each, first + index, now)
            })
            .collect();
        if let Some(register) = &mut inner.register {
            register.add_all(&made)?;
        }
        for device in &made {
            inner.add(device.clone());
        }
        drop(inner);
        self.tell(News::All);
        Ok(made)
    }

    /// What every device took, those made in bulk too, oldest first.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        let inner = self.lock();
        let counts = inner.tally.by_device();
        let devices = inner.order.iter().filter_map(|id| inner.devices.get(id));
        devices
            .map(|device| {
                let (keys, taken) = counts.get(&device.number).copied().unwrap_or_default();
                Taken {
                    id: device.id.clone(),
                    installation_id: device.installation_id,
                    platform: device.platform,
                    gone: self.storms.is_gone(device),
                    keys,
                    taken,
                }
            })
            .collect()
    }

    /// All counts in short.
    pub(crate) fn summary(&self) -> Summary {
        let devices = self.taken();
        let group = |gone: bool| {
            let mut keys: BTreeMap<u32, usize> = BTreeMap::new();
            let members = devices.iter().filter(|device| device.gone == gone);
            members.for_each(|device| *keys.entry(device.keys).or_default() += 1);
            Group {
                devices: keys.values().sum(),
                by_keys: keys,
            }
        };
        let (live, gone) = (group(false), group(true));
        self.lock().tally.summary(live, gone, self.connections.count())
    }

    /// How many pushes were taken, those not kept any more too.
    pub(crate) fn count(&self) -> u64 {
        self.lock().tally.pushes()
    }
}
