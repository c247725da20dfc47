//! The fault matrix: one thing breaks in the middle of load, and afterwards every promise is looked at.
//!
//! It is here and not in `devstack`, since it needs load, history and checker, and `devstack` must not know what an order is.

mod browse;
mod cell;
mod cells;
mod customer;
mod drill;
mod mortal;
mod outcome;
mod sending;
mod settings;
mod shop;
mod watch;

use std::io::Write;

use anyhow::{Result, bail};

pub use cell::Cell;
pub use drill::Drill;
pub use mortal::{DEADLY_NOTE, LONG_ENOUGH, die_until};
pub use outcome::{Outcome, table};
pub use settings::Settings;
pub use shop::{eventually, flush_redis, messaging};

/// Runs these cells one after the other, each in a stack of its own, and tells each when it is done and all in a table at the end.
///
/// # Errors
/// Where a promise was broken, or a stack can't be started.
pub async fn run(cells: &[Cell], settings: Settings, out: &mut (dyn Write + Send)) -> Result<()> {
    let mut outcomes = Vec::new();
    for (number, cell) in (1..).zip(cells) {
        writeln!(
            out,
            "{number}/{} {cell}: {} (seed {})",
            cells.len(),
            cell.about(),
            settings.seed
        )?;
        let outcome = cell.run(settings).await;
        writeln!(out, "{}", outcome.details())?;
        out.flush()?;
        outcomes.push(outcome);
    }
    writeln!(out, "{}", table(&outcomes))?;
    let broken = outcomes.iter().filter(|outcome| !outcome.held()).count();
    if broken > 0 {
        bail!("promises were broken in {broken} of {} cells", outcomes.len());
    }
    Ok(())
}
