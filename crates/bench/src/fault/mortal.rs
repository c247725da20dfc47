//! A processor that one order kills, however often it is started again.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use devstack::stack::Binaries;
use devstack::{Part, Stack};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};

/// An order with this note kills the processor.
pub const DEADLY_NOTE: &str = "crash here";
/// Six redeliveries, each after the ack wait of five seconds, with room for a busy machine.
pub const LONG_ENOUGH: Duration = Duration::from_secs(150);

/// Starts such a processor beside the stack's own services, and again whenever it died, until `given_up`. Gives how often it died.
///
/// # Errors
/// Where it can't be started, ends in order, or the order is not given up within [`LONG_ENOUGH`].
pub async fn die_until(stack: &Stack, mut given_up: impl AsyncFnMut() -> Result<bool>) -> Result<u32> {
    let (mut processor, mut deaths, deadline) = (start(stack)?, 0, Instant::now() + LONG_ENOUGH);
    while !given_up().await? {
        if Instant::now() > deadline {
            bail!("not given up after {deaths} deaths");
        }
        if let Ok(ended) = timeout(Duration::from_millis(200), processor.wait()).await {
            if ended?.success() {
                bail!("the processor ended in order");
            }
            (processor, deaths) = (start(stack)?, deaths + 1);
        }
    }
    Ok(deaths)
}

fn start(stack: &Stack) -> Result<Child> {
    let mut command = Command::new(Binaries::find()?.path("order-processor"));
    command
        .args(["--fault-marker", DEADLY_NOTE, "--admin-listen", "127.0.0.1:0"])
        .envs(stack.env_of(Part::OrderProcessor)?)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command.spawn().context("cannot start a processor")
}
