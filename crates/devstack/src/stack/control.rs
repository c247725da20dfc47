//! What a test does to a running stack.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use tokio::process::Command;

use super::program::Health;
use super::secrets::PROOFS;
use super::{Part, Stack, Use};
use crate::ports::Port;
use crate::proxy::Proxy;
use crate::servers::{Server, postgres, tail};

/// How long a part may take to stop in order.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

impl Stack {
    /// The web shop: `http://localhost:<port>`.
    #[must_use]
    pub fn web_url(&self) -> &str {
        self.setting("WAYBILL_WEB_URL")
    }

    /// The REST API: `http://localhost:<port>`.
    #[must_use]
    pub fn api_url(&self) -> &str {
        self.setting("WAYBILL_API_URL")
    }

    /// The push sandbox's page and JSON: `http://localhost:<port>`.
    #[must_use]
    pub fn sandbox_url(&self) -> &str {
        self.setting("PUSH_SANDBOX_URL")
    }

    /// `postgres://…`
    #[must_use]
    pub fn database_url(&self) -> &str {
        self.setting("DATABASE_URL")
    }

    /// `redis://…`
    #[must_use]
    pub fn redis_url(&self) -> &str {
        self.setting("REDIS_URL")
    }

    /// `nats://…`
    #[must_use]
    pub fn nats_url(&self) -> &str {
        self.setting("NATS_URL")
    }

    /// The file with the operator's seed: as him one may do everything at NATS.
    #[must_use]
    pub fn nats_seed_file(&self) -> &str {
        self.setting("NATS_SEED_FILE")
    }

    /// A service's health and metrics: `http://localhost:<port>`.
    #[must_use]
    pub fn admin_url(&self, part: Part) -> String {
        format!(
            "http://localhost:{}",
            self.options.addresses.port(Use::Admin(part))
        )
    }

    /// The folder with the stack's files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.options.folder
    }

    /// A setting that all programs share, by its environment name; empty where there is none.
    #[must_use]
    pub fn setting(&self, name: &str) -> &str {
        self.shared
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// The settings that all programs share, as environment names and values. The servers' addresses are the operator's: they may do everything.
    #[must_use]
    pub fn env(&self) -> &[(String, String)] {
        &self.shared
    }

    /// As [`Self::env`], with what a part proves itself with instead of the operator's rights.
    pub fn env_of(&self, part: Part) -> Result<Vec<(String, String)>> {
        let mut env = self.shared.clone();
        env.retain(|(name, _)| !PROOFS.contains(&name.as_str()));
        env.extend(self.secrets.of(part, &self.shared)?);
        Ok(env)
    }

    /// Where a part's log is.
    #[must_use]
    pub fn log_path(&self, part: Part) -> PathBuf {
        let folder = if part.is_server() { part.name() } else { "logs" };
        self.options.folder.join(folder).join(format!("{part}.log"))
    }

    /// All that a part has logged.
    #[must_use]
    pub fn log(&self, part: Part) -> String {
        tail(&self.log_path(part), usize::MAX)
    }

    /// Starts a part without waiting. One that runs is killed first.
    pub async fn launch(&self, part: Part) -> Result<()> {
        self.part(part)?.lock().await.launch()
    }

    /// Waits until a part is ready; fails with the end of its log when it dies or a minute passes.
    pub async fn wait_ready(&self, part: Part) -> Result<()> {
        self.part(part)?.lock().await.wait_ready().await
    }

    /// Starts a part and waits until it is ready.
    pub async fn start_part(&self, part: Part) -> Result<()> {
        self.part(part)?.lock().await.start().await
    }

    /// Kills a part (as `kill -9`).
    pub async fn kill(&self, part: Part) -> Result<()> {
        self.part(part)?.lock().await.kill();
        Ok(())
    }

    /// Stops a part in order. Gives how it ended; `None` when it did not run, or had to be killed after 30 s.
    pub async fn terminate(&self, part: Part) -> Result<Option<ExitStatus>> {
        Ok(self.part(part)?.lock().await.stop(STOP_PATIENCE).await)
    }

    /// Sends a part a signal, e.g. `SIGSTOP`.
    pub async fn signal(&self, part: Part, signal: Signal) -> Result<()> {
        self.part(part)?.lock().await.signal(signal);
        Ok(())
    }

    /// A part's process id, while it runs.
    pub async fn id(&self, part: Part) -> Result<Option<u32>> {
        Ok(self.part(part)?.lock().await.id())
    }

    /// The parts that were started and have ended by themselves, with how they ended.
    pub async fn dead(&self) -> Vec<(Part, ExitStatus)> {
        let mut dead = Vec::new();
        for (part, server) in &self.parts {
            dead.extend(server.lock().await.ended().map(|status| (*part, status)));
        }
        dead
    }

    /// Starts one more replica of a service, with ports of its own, and waits until it is ready. It ends when it is dropped.
    pub async fn replica(&self, part: Part) -> Result<Replica> {
        let (public, admin) = (Port::free()?, Port::free()?);
        let name = format!("{part}-{}", admin.number());
        let mut service = self.service(
            part,
            &name,
            Health {
                port: admin.number(),
                path: "/readyz",
            },
        )?;
        service
            .env
            .push(("LISTEN".to_owned(), format!("127.0.0.1:{}", public.number())));
        service
            .env
            .push(("ADMIN_LISTEN".to_owned(), format!("127.0.0.1:{}", admin.number())));
        let mut server = Server::new(service).any();
        server.start().await?;
        Ok(Replica {
            server,
            public,
            admin,
        })
    }

    /// The proxy between a service and a server: [`super::StackOptions::through_proxy`].
    pub fn proxy(&self, service: Part, server: Part) -> Result<&Proxy> {
        self.proxies
            .get(&(service, server))
            .with_context(|| format!("there is no proxy between {service} and {server}"))
    }

    /// Runs one statement and gives its rows, columns parted by `|`.
    pub fn psql(&self, statement: &str) -> Result<String> {
        postgres::psql(self.database_url(), statement)
    }

    /// Runs `waybillctl` with these arguments and gives what it prints; fails with what it says when it fails.
    pub async fn waybillctl<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<String> {
        let mut command = Command::new(self.options.binaries.path("waybillctl"));
        command
            .args(args)
            .envs(self.shared.iter().map(|(name, value)| (name, value)))
            .kill_on_drop(true);
        let output = command.output().await.context("cannot run waybillctl")?;
        if !output.status.success() {
            let words: Vec<_> = command.as_std().get_args().map(OsStr::to_string_lossy).collect();
            let said = String::from_utf8_lossy(&output.stderr);
            bail!(
                "waybillctl {} failed ({}): {}",
                words.join(" "),
                output.status,
                said.trim()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Stops everything in order: the front doors first, the servers last.
    pub async fn stop(&self) {
        for part in Part::ALL.into_iter().rev() {
            let Some(server) = self.parts.get(&part) else {
                continue;
            };
            let mut server = server.lock().await;
            if server.id().is_some() {
                self.say(&format!("stopping {part}"));
                server.stop(STOP_PATIENCE).await;
            }
        }
    }
}

/// One more process of a service.
#[derive(Debug)]
pub struct Replica {
    /// Its process.
    pub server: Server,
    public: Port,
    admin: Port,
}

impl Replica {
    /// What it offers: `http://localhost:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.public.number())
    }

    /// Its health and metrics: `http://localhost:<port>`.
    #[must_use]
    pub fn admin_url(&self) -> String {
        format!("http://localhost:{}", self.admin.number())
    }
}
