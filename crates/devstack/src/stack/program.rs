//! How a program of Waybill is run.

use std::path::PathBuf;

use anyhow::Result;
use nix::sys::signal::Signal;

use crate::process::Program;
use crate::servers::{self, Recipe};

/// One of Waybill's programs, with all that it is told.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) log: PathBuf,
    pub(super) env: Vec<(String, String)>,
    pub(super) args: Vec<String>,
    pub(super) health: Health,
}

/// Where a program says that it is ready.
#[derive(Debug, Clone, Copy)]
pub(super) struct Health {
    pub(super) port: u16,
    pub(super) path: &'static str,
}

impl Recipe for Service {
    fn name(&self) -> &str {
        &self.name
    }

    fn program(&self) -> Result<Program> {
        let vars = self.env.iter().map(|(name, value)| (name, value));
        Ok(Program::new(&self.path, Signal::SIGKILL)
            .args(&self.args)
            .envs(vars)
            .current_dir(&self.folder))
    }

    fn answers(&self) -> bool {
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            self.health.path
        );
        servers::answers(self.health.port, request.as_bytes(), b"HTTP/1.1 200")
    }

    fn log(&self) -> PathBuf {
        self.log.clone()
    }
}
