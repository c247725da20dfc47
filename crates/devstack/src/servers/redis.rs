//! Redis: a cache, so nothing of it is kept over a restart.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use crate::ports::Port;
use crate::process::Program;
use crate::servers::Recipe;
use crate::stack::write_private;
use crate::{programs, servers};

/// Who may do what.
const USERS: &str = "users.acl";

/// A Redis server on loopback.
#[derive(Debug)]
pub struct Redis {
    port: Port,
    folder: PathBuf,
}

impl Redis {
    /// Prepares one that will listen on `port` and work in `folder`.
    pub fn new(port: Port, folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self {
            port,
            folder: folder.to_owned(),
        })
    }

    /// From its next start on, lets in only whom `acl` names, the content of an ACL file.
    pub fn authorize(folder: &Path, acl: &str) -> Result<()> {
        write_private(&folder.join(USERS), acl)
    }

    fn is_guarded(&self) -> bool {
        self.folder.join(USERS).exists()
    }

    /// `redis://…`
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port.number())
    }
}

impl Recipe for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn log(&self) -> PathBuf {
        self.folder.join("redis.log")
    }

    fn program(&self) -> Result<Program> {
        let port = self.port.number().to_string();
        let users: &[&str] = if self.is_guarded() {
            &["--aclfile", USERS]
        } else {
            &[]
        };
        Ok(Program::new(&programs::redis_server()?, Signal::SIGKILL)
            .args([
                "--port",
                &port,
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .args(users)
            .args(["--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru"])
            .current_dir(&self.folder))
    }

    fn answers(&self) -> bool {
        let expected: &[u8] = if self.is_guarded() { b"-NOAUTH" } else { b"+PONG" };
        servers::answers(self.port.number(), b"PING\r\n", expected)
    }
}
