//! NATS with JetStream on files, flushed before every acknowledgement.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use crate::ports::Port;
use crate::process::Program;
use crate::servers::Recipe;
use crate::{programs, servers};

/// Beside the configuration: who may do what.
const AUTHORIZATION: &str = "authorization.conf";

/// A NATS server on loopback.
#[derive(Debug)]
pub struct Nats {
    port: Port,
    folder: PathBuf,
    flush: Flush,
}

/// When what is acknowledged is flushed to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flush {
    /// Before the acknowledgement.
    #[default]
    Always,
    /// Every two minutes, as the server does by default: what was acknowledged can be lost with the power. For comparison alone.
    Late,
}

impl Nats {
    /// Prepares one that will listen on `port` and keep its streams in `folder`.
    pub fn new(port: Port, folder: &Path, flush: Flush) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self {
            port,
            folder: folder.to_owned(),
            flush,
        })
    }

    /// From its next start on, lets in only whom `authorization` names, the `authorization` block of a configuration.
    pub fn authorize(folder: &Path, authorization: &str) -> Result<()> {
        let path = folder.join(AUTHORIZATION);
        std::fs::write(&path, authorization).with_context(|| format!("cannot write {}", path.display()))
    }

    /// `nats://…`
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port.number())
    }

    /// A full account would refuse streams that reserve space.
    fn config(&self) -> String {
        let (port, store) = (self.port.number(), self.folder.join("jetstream"));
        let users = if self.folder.join(AUTHORIZATION).exists() {
            format!("include {AUTHORIZATION:?}\n")
        } else {
            String::new()
        };
        let sync = match self.flush {
            Flush::Always => "always",
            Flush::Late => "2m",
        };
        format!(
            "listen: \"127.0.0.1:{port}\"\nserver_name: \"waybill-{port}\"\n\
             jetstream {{\n  store_dir: {store:?}\n  sync_interval: {sync}\n  max_memory_store: 256MB\n  max_file_store: 100GB\n}}\n{users}"
        )
    }
}

impl Recipe for Nats {
    fn name(&self) -> &'static str {
        "nats"
    }

    fn log(&self) -> PathBuf {
        self.folder.join("nats.log")
    }

    fn program(&self) -> Result<Program> {
        let config = self.folder.join("nats.conf");
        std::fs::write(&config, self.config())
            .with_context(|| format!("cannot write {}", config.display()))?;
        Ok(Program::new(&programs::nats_server()?, Signal::SIGKILL)
            .args([Path::new("-c"), &config])
            .current_dir(&self.folder))
    }

    fn answers(&self) -> bool {
        servers::answers(self.port.number(), b"", b"INFO ")
    }
}
