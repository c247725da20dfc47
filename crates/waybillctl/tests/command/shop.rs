//! Servers of a test's own, and the binary.

use std::process::Stdio;
use std::time::Duration;

use devstack::testing::TestServers;
use messaging::Messaging;
use serde_json::Value;
use storage::Storage;
use tokio::process::Command;

use crate::processor;

pub(crate) struct Shop {
    pub(crate) servers: TestServers,
}

/// What a run of the binary said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) ok: bool,
    pub(crate) out: String,
    pub(crate) error: String,
}

impl Shop {
    /// Servers with nothing in them.
    pub(crate) async fn bare() -> Self {
        Self {
            servers: TestServers::start().await,
        }
    }

    /// Servers with schema and streams, and nobody who processes.
    pub(crate) async fn unattended() -> Self {
        let shop = Self::bare().await;
        shop.good(&["migrate"]).await;
        shop.good(&["topology", "apply"]).await;
        shop
    }

    /// With a processor.
    pub(crate) async fn open() -> Self {
        let shop = Self::unattended().await;
        shop.attend().await;
        shop
    }

    pub(crate) async fn attend(&self) {
        processor::start(&self.messaging().await, &self.storage().await);
    }

    pub(crate) async fn messaging(&self) -> Messaging {
        let options = messaging::ConnectOptions {
            url: self.servers.nats_url.clone().into(),
            seed: None,
            name: "test".into(),
            request_timeout: Duration::from_secs(5),
            now: chassis::clock::now,
        };
        Messaging::connect(options).await.unwrap()
    }

    pub(crate) async fn storage(&self) -> Storage {
        let options = storage::ConnectOptions {
            url: self.servers.database_url.clone().into(),
            name: "test".into(),
            max_connections: 4,
            timeout: Duration::from_secs(5),
        };
        Storage::connect(options).await.unwrap()
    }

    /// The binary, to be run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waybillctl"));
        command
            .args(args)
            .env("DATABASE_URL", &self.servers.database_url)
            .env("NATS_URL", &self.servers.nats_url)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs the binary.
    pub(crate) async fn run(&self, args: &[&str]) -> Said {
        let output = self.command(args).output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said {
            ok: output.status.success(),
            out: text(output.stdout),
            error: text(output.stderr),
        }
    }

    /// What a run that works prints.
    pub(crate) async fn good(&self, args: &[&str]) -> String {
        let said = self.run(args).await;
        assert!(said.ok && said.error.is_empty(), "{args:?}: {said:?}");
        said.out
    }

    /// What a run that works prints for scripts.
    pub(crate) async fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.good(&[args, &["--output", "json"]].concat()).await).unwrap()
    }

    /// The one line of a run that fails.
    pub(crate) async fn bad(&self, args: &[&str]) -> String {
        let said = self.run(args).await;
        assert!(!said.ok && said.out.is_empty(), "{args:?}: {said:?}");
        assert_eq!(said.error.lines().count(), 1, "{said:?}");
        said.error
    }
}
