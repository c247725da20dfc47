//! When too many devices die at once, it is not the devices: the wrong environment or project looks the same.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// Fewer answers than this count as so many: a few dead devices among few prove nothing.
const LEAST: usize = 20;
const MOST: usize = 1_000;
/// One in this many may die.
const ONE_IN: usize = 5;

/// The lately answered pushes of one platform: whether each found its device gone.
#[derive(Debug, Default)]
pub(super) struct Brake {
    answers: VecDeque<(Timestamp, bool)>,
}

impl Brake {
    /// Notes a push that arrived.
    pub(super) fn arrived(&mut self, now: Timestamp) {
        self.note(now, false);
    }

    /// Notes a push whose device is gone; gives whether the device may be removed.
    pub(super) fn gone(&mut self, now: Timestamp) -> bool {
        self.note(now, true);
        !self.is_on()
    }

    /// Whether no device may be removed.
    pub(super) fn is_on(&self) -> bool {
        let dead = self.answers.iter().filter(|(_, gone)| *gone).count();
        dead * ONE_IN > self.answers.len().max(LEAST)
    }

    fn note(&mut self, now: Timestamp, gone: bool) {
        self.answers.push_back((now, gone));
        while self.answers.len() > MOST
            || self
                .answers
                .front()
                .is_some_and(|(at, _)| now.duration_since(*at) > WINDOW)
        {
            self.answers.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_single_dead_device_is_removed() {
        assert!(Brake::default().gone(at(0)));
    }

    #[test]
    fn more_than_one_in_five_stops_the_removing() {
        let mut brake = Brake::default();
        (0..16).for_each(|second| brake.arrived(at(second)));
        for second in 16..20 {
            assert!(brake.gone(at(second)), "4 of 20 is 20 %");
        }
        assert!(!brake.gone(at(20)), "5 of 21 is more");
    }

    #[test]
    fn of_a_few_answers_few_devices_are_removed() {
        let mut brake = Brake::default();
        for second in 0..4 {
            assert!(brake.gone(at(second)), "4 of at least 20");
        }
        assert!(!brake.gone(at(4)), "the wrong environment looks the same");
        (5..25).for_each(|second| brake.arrived(at(second)));
        assert!(!brake.is_on(), "5 of 25");
    }

    #[test]
    fn what_is_long_ago_does_not_count() {
        let mut brake = Brake::default();
        for second in 0..30 {
            brake.gone(at(second));
        }
        assert!(!brake.gone(at(31)));
        assert!(brake.gone(at(31 + 11 * 60)));
    }
}
