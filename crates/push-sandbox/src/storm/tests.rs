use super::*;
use crate::device::NewDevice;

fn storm(shares: Shares) -> Storm {
    Storm {
        platform: None,
        seed: 7,
        shares,
        retry_after: Some(3),
        goaway_every: None,
        black_holes: 0,
    }
}

fn hits(storms: &Storms, requests: usize) -> Vec<Option<FaultKind>> {
    let device = Device::new(&NewDevice::of(Platform::Wns), 1, jiff::Timestamp::UNIX_EPOCH);
    let connection = Connection::default();
    (0..requests)
        .map(|_| storms.hit(&device, &connection).map(|fault| fault.kind))
        .collect()
}

#[test]
fn shares_are_kept_and_the_same_for_the_same_seed() {
    let shares = Shares {
        throttled: 0.05,
        failing: 0.02,
        silent: 0.01,
        gone: 0.0,
    };
    let run = || {
        let storms = Storms::default();
        assert!(storms.rage(&storm(shares)));
        hits(&storms, 10_000)
    };
    let first = run();
    assert_eq!(first, run());
    let near = |kinds: &[FaultKind], wanted: usize| {
        let is = |hit: &&Option<FaultKind>| hit.is_some_and(|kind| kinds.contains(&kind));
        let count = first.iter().filter(is).count();
        assert!(count.abs_diff(wanted) < wanted / 3, "{kinds:?}: {count}");
    };
    near(&[FaultKind::Throttled], 500);
    near(&[FaultKind::InternalError, FaultKind::Unavailable], 200);
    near(&[FaultKind::BlackHole], 100);
}

#[test]
fn a_device_is_gone_for_ever_and_a_share_of_them_is() {
    let storms = Storms::default();
    assert!(storms.rage(&storm(Shares {
        gone: 0.03,
        ..Shares::default()
    })));
    let devices: Vec<_> = (0..10_000)
        .map(|number| Device::new(&NewDevice::of(Platform::Fcm), number, jiff::Timestamp::UNIX_EPOCH))
        .collect();
    let gone = |device: &&Device| storms.is_gone(device);
    let count = devices.iter().filter(gone).count();
    assert!((200..400).contains(&count), "{count}");
    assert_eq!(devices.iter().filter(gone).count(), count);
    storms.calm();
    assert!(!devices.iter().any(|device| storms.is_gone(device)));
}

#[test]
fn what_is_no_share_is_refused() {
    for (throttled, gone) in [(1.1, 0.0), (-0.1, 0.0), (0.0, 2.0), (f64::NAN, 0.0)] {
        assert!(!Storms::default().rage(&storm(Shares {
            throttled,
            gone,
            ..Shares::default()
        })));
    }
}
