//! Starts the sandbox, says that it is ready, and stops it on a signal.

use std::io::Write as _;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::Sandbox;
use crate::args::Args;

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// When the data folder or a port can't be used.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&args.log).context("--log is no log filter")?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    let sandbox = Sandbox::start(args.options())
        .await
        .context("the push sandbox can't start")?;
    announce(&sandbox)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    tokio::select! {
        () = sandbox.stop() => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn announce(sandbox: &Sandbox) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "push-sandbox ready: page {} · senders {} · mail {} · CA {} · pretend APNs, FCM, WNS, Web Push and mail server, no real service",
        sandbox.http_url,
        sandbox.push_url,
        sandbox.credentials.smtp.url,
        sandbox.credentials.ca_pem_path.display()
    )?;
    out.flush()
}
