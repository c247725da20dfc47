//! Real servers of a test's own.

mod jetstream;

use std::env;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::ports::Port;
use crate::proxy::Proxy;
use crate::servers::nats::Flush;
use crate::servers::{Nats, Redis, Server, postgres};

pub use jetstream::{change_stream, jetstream, stored};

/// The admin address of the run's shared Postgres cluster; `devstack with-postgres` sets it.
pub const POSTGRES_VARIABLE: &str = "WAYBILL_TEST_POSTGRES";
/// Where tests keep their files; `devstack with-postgres` sets it and clears the folder at the end. The system's folder for temporary files by default.
pub const FOLDER_VARIABLE: &str = "WAYBILL_TEST_DIR";

/// A Redis and a NATS server of this test's own, and a fresh empty database. All end when it is dropped.
#[derive(Debug)]
pub struct TestServers {
    /// `postgres://…`: a database of this test's own in the run's shared cluster.
    pub database_url: String,
    /// `redis://…`: a server of this test's own.
    pub redis_url: String,
    /// `nats://…`: a server of this test's own.
    pub nats_url: String,
    _database: TestDatabase,
    redis: Server<Redis>,
    nats: Server<Nats>,
    // Last: the folder goes when the servers are gone.
    _folder: TempDir,
}

impl TestServers {
    /// Starts them, or panics with a line that says what is missing.
    #[expect(clippy::panic, reason = "a test without its servers cannot go on")]
    pub async fn start() -> Self {
        match Self::try_start(None, None).await {
            Ok(servers) => servers,
            Err(error) => panic!("no servers for this test: {error:#}"),
        }
    }

    /// As [`Self::start`], with a NATS server that lets in only whom `authorization` names, the block of that name in a server's configuration.
    #[expect(clippy::panic, reason = "a test without its servers cannot go on")]
    pub async fn start_with_nats_users(authorization: &str) -> Self {
        match Self::try_start(Some(authorization), None).await {
            Ok(servers) => servers,
            Err(error) => panic!("no servers for this test: {error:#}"),
        }
    }

    /// As [`Self::start`], with a Redis server that lets in only whom `acl` names, the content of an ACL file.
    #[expect(clippy::panic, reason = "a test without its servers cannot go on")]
    pub async fn start_with_redis_users(acl: &str) -> Self {
        match Self::try_start(None, Some(acl)).await {
            Ok(servers) => servers,
            Err(error) => panic!("no servers for this test: {error:#}"),
        }
    }

    async fn try_start(nats_users: Option<&str>, redis_users: Option<&str>) -> Result<Self> {
        let folder = folder()?;
        let redis_folder = folder.path().join("redis");
        let mut redis = Server::new(Redis::new(Port::free()?, &redis_folder)?);
        let nats_folder = folder.path().join("nats");
        let mut nats = Server::new(Nats::new(Port::free()?, &nats_folder, Flush::Always)?);
        if let Some(users) = nats_users {
            Nats::authorize(&nats_folder, users)?;
        }
        if let Some(users) = redis_users {
            Redis::authorize(&redis_folder, users)?;
        }
        redis.launch()?;
        nats.launch()?;
        let database = TestDatabase::create()?;
        redis.wait_ready().await?;
        nats.wait_ready().await?;
        let (redis_url, nats_url) = (redis.recipe().url(), nats.recipe().url());
        Ok(Self {
            database_url: database.url.clone(),
            redis_url,
            nats_url,
            _database: database,
            redis,
            nats,
            _folder: folder,
        })
    }

    /// As [`Self::database_url`], with the rights of a service alone: `rest-api`. The database must be migrated first.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without its servers cannot go on")]
    pub fn database_url_of(&self, service: &str) -> String {
        let (_, rest) = self.database_url.split_once("//").expect("an address");
        let (user, _) = rest.split_once('@').expect("a user");
        // The cluster is thrown away: its roles share the password of its owner.
        let (_, password) = user.split_once(':').expect("a password");
        postgres::as_user(&self.database_url, &postgres::role(service), password).expect("an address")
    }

    /// Kills Redis (as `kill -9`).
    pub async fn kill_redis(&mut self) {
        self.redis.kill();
    }

    /// Starts Redis again on the same port, empty.
    #[expect(clippy::expect_used, reason = "a test without its servers cannot go on")]
    pub async fn start_redis(&mut self) {
        self.redis.start().await.expect("Redis starts");
    }

    /// Kills NATS (as `kill -9`).
    pub async fn kill_nats(&mut self) {
        self.nats.kill();
    }

    /// Starts NATS again on the same port and files.
    #[expect(clippy::expect_used, reason = "a test without its servers cannot go on")]
    pub async fn start_nats(&mut self) {
        self.nats.start().await.expect("NATS starts");
    }
}

/// A folder of this test's own, removed when dropped.
pub fn folder() -> Result<TempDir> {
    let root = env::var_os(FOLDER_VARIABLE).map_or_else(env::temp_dir, Into::into);
    tempfile::Builder::new()
        .prefix("waybill-test-")
        .tempdir_in(&root)
        .with_context(|| format!("cannot make a folder in {}", root.display()))
}

/// A new key to sign access tokens with: private, of the curve P-256, in PEM.
#[expect(clippy::expect_used, reason = "a test without its keys cannot go on")]
pub fn token_key() -> String {
    crate::stack::token_key().expect("a key")
}

/// A file with a key to sign access tokens with. It stays until the folder of the run's files goes.
#[expect(clippy::expect_used, reason = "a test without its keys cannot go on")]
pub fn token_keys_file() -> std::path::PathBuf {
    let path = folder().expect("a folder").keep().join("token-keys.pem");
    std::fs::write(&path, token_key()).expect("a file");
    path
}

/// A fresh database in the run's shared cluster, dropped with this value.
#[derive(Debug)]
struct TestDatabase {
    admin: String,
    name: String,
    url: String,
}

impl TestDatabase {
    fn create() -> Result<Self> {
        let how = "WAYBILL_TEST_POSTGRES is not set: run ./scripts/test, or `cargo run -p devstack -- with-postgres -- cargo nextest run -p <crate>`";
        let admin = env::var(POSTGRES_VARIABLE).ok().context(how)?;
        let name = format!("test_{:016x}", rand::random::<u64>());
        postgres::psql(&admin, &format!("CREATE DATABASE {name}"))
            .with_context(|| format!("cannot make a database at {POSTGRES_VARIABLE}"))?;
        let (server, _) = admin
            .rsplit_once('/')
            .context("WAYBILL_TEST_POSTGRES names no database")?;
        let url = format!("{server}/{name}");
        Ok(Self { admin, name, url })
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // Nobody waits for it: the cluster itself goes at the end of the run.
        if let Ok(mut command) = postgres::psql_command(
            &self.admin,
            &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        ) {
            let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        }
    }
}

/// A way to the database at `url` on this machine, to be closed and opened again, and the address over it.
#[expect(clippy::expect_used, reason = "a test without its servers cannot go on")]
pub async fn gate(url: &str) -> (Proxy, String) {
    let (host, rest) = url.rsplit_once(':').expect("a port");
    let (port, database) = rest.split_once('/').expect("a database");
    let proxy = Proxy::start(port.parse().expect("a port")).await;
    let proxy = proxy.expect("a proxy listens");
    let through = format!("{host}:{}/{database}", proxy.port());
    (proxy, through)
}

/// Asks `probe` again and again until it gives something, at most 20 seconds; else panics naming `what`.
pub async fn eventually<T, F: AsyncFnMut() -> Option<T>>(what: &str, mut probe: F) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(value) = probe().await {
            return value;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "waited 20 s in vain for {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
