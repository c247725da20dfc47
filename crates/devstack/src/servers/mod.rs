//! The three servers, each the real program on loopback.

pub mod nats;
pub mod postgres;
pub mod redis;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::process::{Process, Program};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

pub use nats::Nats;
pub use postgres::Postgres;
pub use redis::Redis;

/// How a program is run, and how one sees that it is ready.
pub trait Recipe: std::fmt::Debug + Send + Sync {
    /// What people call it.
    fn name(&self) -> &str;
    /// The program with its arguments.
    fn program(&self) -> Result<Program>;
    /// Whether it answers.
    fn answers(&self) -> bool;
    /// Where it writes what it has to say.
    fn log(&self) -> PathBuf;
    /// The signal that stops it in order.
    fn stop_signal(&self) -> Signal {
        Signal::SIGTERM
    }
}

/// A program that can be started, killed, stopped and started again. Killed when dropped.
#[derive(Debug)]
pub struct Server<R: ?Sized = dyn Recipe> {
    process: Option<Process>,
    recipe: Box<R>,
}

impl<R: Recipe + 'static> Server<R> {
    /// One that is not started yet.
    #[must_use]
    pub fn new(recipe: R) -> Self {
        Self {
            process: None,
            recipe: Box::new(recipe),
        }
    }

    /// The same, whatever it is.
    #[must_use]
    pub fn any(self) -> Server {
        Server {
            process: self.process,
            recipe: self.recipe,
        }
    }
}

impl<R: Recipe + ?Sized> Server<R> {
    /// How it is run.
    #[must_use]
    pub fn recipe(&self) -> &R {
        &self.recipe
    }

    /// Its process id, while it runs.
    pub fn id(&mut self) -> Option<u32> {
        let process = self.process.as_mut()?;
        process.ended().is_none().then(|| process.id())
    }

    /// How it ended, if it was started and has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.as_mut().and_then(Process::ended)
    }

    /// Starts it without waiting. One that runs is killed first.
    pub fn launch(&mut self) -> Result<()> {
        self.process = None;
        let name = self.recipe.name();
        let program = self.recipe.program()?.away_from_terminal().log(self.recipe.log());
        self.process = Some(program.start().with_context(|| format!("cannot start {name}"))?);
        Ok(())
    }

    /// Waits until it answers; fails with the end of its log when it dies or nothing comes.
    pub async fn wait_ready(&mut self) -> Result<()> {
        let (name, log) = (self.recipe.name(), self.recipe.log());
        let process = self
            .process
            .as_mut()
            .with_context(|| format!("{name} is not started"))?;
        let deadline = Instant::now() + PATIENCE;
        while !self.recipe.answers() {
            if let Some(status) = process.ended() {
                bail!(
                    "{name} ended at its start ({status}); its log ends with:\n{}",
                    tail(&log, 15)
                );
            }
            if Instant::now() > deadline {
                bail!(
                    "{name} was not ready within {} s; its log ends with:\n{}",
                    PATIENCE.as_secs(),
                    tail(&log, 15)
                );
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Starts it and waits until it answers.
    pub async fn start(&mut self) -> Result<()> {
        self.launch()?;
        self.wait_ready().await
    }

    /// Sends a signal, if it runs.
    pub fn signal(&mut self, signal: Signal) {
        if let Some(process) = &mut self.process {
            process.signal(signal);
        }
    }

    /// Kills it (as `kill -9`).
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Stops it in order, or kills it after `patience`. Gives how it ended, `None` when it did not run or had to be killed.
    pub async fn stop(&mut self, patience: Duration) -> Option<ExitStatus> {
        self.process
            .take()?
            .stop(self.recipe.stop_signal(), patience)
            .await
    }
}

/// Whether the server on this port says something that begins with `expected` once it was sent `request`.
pub(crate) fn answers(port: u16, request: &[u8], expected: &[u8]) -> bool {
    let ask = || -> std::io::Result<bool> {
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into();
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_millis(250))?;
        stream.set_read_timeout(Some(Duration::from_millis(250)))?;
        stream.write_all(request)?;
        let mut answer = vec![0; expected.len()];
        stream.read_exact(&mut answer)?;
        Ok(answer == expected)
    };
    ask().unwrap_or(false)
}

/// The last lines of a log.
#[must_use]
pub fn tail(log: &Path, lines: usize) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
