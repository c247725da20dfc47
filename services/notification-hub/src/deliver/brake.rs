//! When too many devices die at once, it is not the devices: the wrong environment or project looks the same.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// Fewer dead ones than this prove nothing.
const LEAST_DEAD: usize = 10;
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
        dead >= LEAST_DEAD && dead * ONE_IN > self.answers.len()
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
        (0..40).for_each(|second| brake.arrived(at(second)));
        for second in 40..50 {
            assert!(brake.gone(at(second)), "10 of 50 is 20 %");
        }
        assert!(!brake.gone(at(50)), "11 of 51 is more");
    }

    #[test]
    fn a_few_dead_ones_by_chance_stop_nothing() {
        let mut brake = Brake::default();
        (0..15).for_each(|second| brake.arrived(at(second)));
        for second in 15..24 {
            assert!(brake.gone(at(second)), "9 of 24 may be chance");
        }
        assert!(!brake.gone(at(24)), "10 of 25 are not");
    }

    #[test]
    fn where_all_die_a_few_are_removed_and_no_more() {
        let mut brake = Brake::default();
        for second in 0..9 {
            assert!(brake.gone(at(second)), "9 may be chance");
        }
        assert!(!brake.gone(at(9)), "the wrong environment looks the same");
        (10..60).for_each(|second| brake.arrived(at(second)));
        assert!(!brake.is_on(), "10 of 60");
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
