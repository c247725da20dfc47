//! The two programs: load, and check.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use storage::Storage;
use storage::audit::Audit;
use tokio::time::{Duration, Instant, sleep};

use crate::args::{Args, CheckArgs, Command, FaultArgs, LoadArgs};
use crate::check::{self, Expectations};
use crate::history::{self, History, Record};
use crate::load::is_settled;
use crate::{Api, Progress, fault, perf, wishes};

/// Between two looks at the orders' states.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Runs what `args` say and writes the outcome to `out`.
///
/// # Errors
/// Where a server is out of reach, or a promise was broken.
pub async fn run(args: Args, out: &mut (dyn Write + Send)) -> Result<()> {
    match args.command {
        Command::Load(args) => load(&args, out).await,
        Command::Check(args) => run_check(&args, out).await,
        Command::Fault(args) => run_faults(&args, out).await,
        Command::Perf(args) => Box::pin(perf::run(&args, out)).await,
        Command::Wishes(args) => Box::pin(wishes::run(&args, out)).await,
        Command::Constant(args) => perf::serve_constant(args.listen, args.size).await,
    }
}

async fn load(args: &LoadArgs, out: &mut (dyn Write + Send)) -> Result<()> {
    let history = match &args.history {
        Some(path) => History::file(path)?,
        None => History::nowhere(),
    };
    let (load, history) = (args.load(rand::random()), Arc::new(history));
    let api = Api::new(&args.api_url, args.timeout)?;
    let report = load.run(api, Arc::clone(&history), Progress::default()).await?;
    writeln!(out, "{report}")?;
    let history = Arc::into_inner(history).context("somebody still writes to the history")?;
    history.finish()
}

async fn run_faults(args: &FaultArgs, out: &mut (dyn Write + Send)) -> Result<()> {
    let cells = fault::Cell::named(&args.cells)?;
    if args.list {
        for cell in cells {
            writeln!(out, "{cell:<40} {}", cell.about())?;
        }
        return Ok(());
    }
    fault::run(&cells, args.settings(rand::random()), out).await
}

async fn run_check(args: &CheckArgs, out: &mut (dyn Write + Send)) -> Result<()> {
    let history = history::read(Path::new(&args.history))?;
    let storage = args.database.connect("bench", args.wait).await?;
    let audit = settled(&storage, &history, args.wait).await?;
    let expected = Expectations {
        others: args.others,
        prices_changed: args.prices_changed,
    };
    let violations = check::check(&history, &audit, expected);
    for violation in &violations {
        writeln!(out, "{violation}")?;
    }
    if !violations.is_empty() {
        bail!("{} broken promises", violations.len());
    }
    let (accepted, stored) = (check::accepted(&history).len(), audit.orders.len());
    writeln!(
        out,
        "every promise held: {accepted} orders accepted, {stored} stored"
    )?;
    Ok(())
}

/// What the database holds, as soon as every accepted order of `history` is settled, at the latest after `patience`.
///
/// # Errors
/// Where the database is out of reach.
pub async fn settled(storage: &Storage, history: &[Record], patience: Duration) -> Result<Audit> {
    let (accepted, until) = (check::accepted(history), Instant::now() + patience);
    loop {
        let states = storage.states().await?;
        let settled = |order| states.get(order).is_some_and(|(_, state)| is_settled(*state));
        if accepted.iter().all(settled) || Instant::now() >= until {
            return Ok(storage.audit().await?);
        }
        sleep(LOOK_AGAIN).await;
    }
}
