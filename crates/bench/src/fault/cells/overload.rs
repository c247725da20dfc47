//! More than can be done.

use std::time::Duration;

use anyhow::Result;

use super::stack_with;
use crate::Pace;
use crate::fault::{Drill, Outcome, Settings};

/// How many clients find out what can be done, each sending its next order when it has the answer to the last.
const CLIENTS: u32 = 64;
/// How many orders they send.
const TRIED: u64 = 2_000;
/// So many times what can be done is asked for.
const TIMES: f64 = 2.0;
/// What an accepted order may take at most, but for one in a hundred.
const BOUNDED: Duration = Duration::from_secs(5);
/// Within which what was accepted is decided.
const RECOVERED: Duration = Duration::from_secs(60);

/// Twice as many orders as can be accepted: some are put off, those that are accepted do not take long.
pub(super) async fn overload(settings: Settings) -> Result<Outcome> {
    let settings = settings.lasting(settings.long * 2);
    let drill = Drill::start(stack_with(&[])?, settings)
        .await?
        .well_within(RECOVERED);
    let too_much = async |drill: &Drill| {
        let able = drill.beside(Pace::InFlight(CLIENTS), TRIED, 1_000).await?.rate();
        let rate = able * TIMES;
        let orders = (rate * settings.long.as_secs_f64()).ceil() as u64;
        let report = drill.beside(Pace::PerSecond(rate), orders, 2_000).await?;
        let p99 = report.latency_micros["p99"].as_u64().map(Duration::from_micros);
        drill.note(format!(
            "{able:.0} a second can be accepted; asked for {rate:.0}, accepted {:.0}, put off {}, p99 {p99:.1?}",
            report.rate(),
            report.put_off
        ));
        drill.must(p99.is_some_and(|p99| p99 <= BOUNDED), || {
            format!("accepted orders took long: p99 {p99:?}")
        });
        Ok(())
    };
    drill.under_load(too_much).await
}
