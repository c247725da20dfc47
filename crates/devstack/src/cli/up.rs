//! `devstack up`

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::folder::{Folder, FolderArgs};
use super::lock::Lock;
use super::terminal::{line, timed};
use super::{demo, detach};
use crate::servers::tail;
use crate::stack::{Addresses, Binaries, Part, Stack, StackOptions, Use, write_private};

const WATCH_EVERY: Duration = Duration::from_millis(500);
/// What other tools need to find the stack.
const FOR_OTHERS: [&str; 7] = [
    "WAYBILL_WEB_URL",
    "WAYBILL_API_URL",
    "PUSH_SANDBOX_URL",
    "DATABASE_URL",
    "REDIS_URL",
    "NATS_URL",
    "NATS_SEED_FILE",
];

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) folder: FolderArgs,

    /// Move all ports by this multiple of 100, so that several stacks stand side by side
    #[arg(long, env = "WAYBILL_PORT_OFFSET", value_name = "N", default_value_t = 0)]
    pub(super) port_offset: u16,

    /// Return when everything is ready, and leave it running
    #[arg(long, short)]
    pub(super) detach: bool,

    /// Set by `--detach` for the process that stays
    #[arg(long, hide = true)]
    pub(super) in_background: bool,
}

pub(super) async fn run(args: Args) -> Result<ExitCode> {
    let folder = args.folder.resolve()?;
    if args.detach {
        return detach::run(&args, &folder).await;
    }
    let mut stops = Stops::new()?;
    let start = Instant::now();
    let _lock = Lock::take(&folder.used)?;
    if folder.used != folder.wanted {
        let (wanted, used) = (folder.wanted.display(), folder.used.display());
        line(&format!(
            "The database's user may not enter {wanted}: the stack's files are in {used}."
        ));
    }
    let addresses = Addresses::usual(args.port_offset)?;
    let admin = addresses.listen(Use::Admin(Part::WebFrontend));
    let mut options = StackOptions::kept(folder.used.clone(), addresses, Binaries::find()?);
    options.progress = Arc::new(timed(start));
    let stack = tokio::select! {
        stack = Stack::start(options) => stack?,
        () = stops.next() => return Ok(ExitCode::FAILURE),
    };
    write_env(&stack, &folder)?;
    timed(start)("ready");
    welcome(&stack, &admin).await;
    if args.in_background {
        detach::say_ready(&folder.used)?;
    } else {
        line("Ctrl-C stops everything.");
    }
    tokio::select! {
        () = watch(&stack) => {}
        () = stops.next() => {}
    }
    tokio::select! {
        () = stack.stop() => line("Stopped."),
        () = stops.next() => line("Killed."),
    }
    Ok(ExitCode::SUCCESS)
}

/// Ctrl-C in the terminal, or SIGTERM from `devstack down`.
struct Stops {
    interrupt: Signal,
    terminate: Signal,
}

impl Stops {
    fn new() -> Result<Self> {
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Says which part has died, once each; the others go on. Never ends.
async fn watch(stack: &Stack) {
    let mut known = Vec::new();
    loop {
        for (part, status) in stack.dead().await {
            if !known.contains(&part) {
                let log = stack.log_path(part);
                line(&format!(
                    "\n{part} has ended ({status}); the others go on. The end of {}:\n{}",
                    log.display(),
                    tail(&log, 15)
                ));
                known.push(part);
            }
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
}

fn write_env(stack: &Stack, folder: &Folder) -> Result<()> {
    let text: String = FOR_OTHERS
        .iter()
        .map(|name| format!("{name}={}\n", stack.setting(name)))
        .collect();
    for place in [&folder.used, &folder.wanted] {
        std::fs::create_dir_all(place).with_context(|| format!("cannot make {}", place.display()))?;
        write_private(&place.join("env"), &text)?;
    }
    Ok(())
}

async fn welcome(stack: &Stack, admin: &str) {
    let rows = [
        ("shop", stack.web_url().to_owned()),
        ("REST API", stack.api_url().to_owned()),
        ("push sandbox", stack.sandbox_url().to_owned()),
        (
            "admin ports",
            format!(
                "http://{admin}/readyz and the three above it: REST API, order processor, notification hub"
            ),
        ),
        ("database", format!("psql {}", stack.database_url())),
        ("redis", stack.redis_url().to_owned()),
        ("nats", stack.nats_url().to_owned()),
        ("logs", display(&stack.folder().join("logs"))),
        ("for tools", display(&stack.folder().join("env"))),
    ];
    line("");
    for (name, value) in rows {
        line(&format!("  {name:<13} {value}"));
    }
    match demo::make(stack.api_url()).await {
        Ok(demo) => line(&format!(
            "\nA guest's token to try it with:\n  {}\nAn order:\n  {}\n",
            demo.token, demo.curl
        )),
        Err(error) => line(&format!("\nNo demo order could be prepared: {error:#}\n")),
    }
}

fn display(path: &Path) -> String {
    path.display().to_string()
}
