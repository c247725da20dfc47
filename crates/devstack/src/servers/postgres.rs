//! Postgres: a private cluster, run by another user where root started it.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use nix::unistd::{User, geteuid};

use crate::ports::Port;
use crate::process::Program;
use crate::servers::Recipe;
use crate::stack::Part;
use crate::{programs, servers};

/// The cluster's superuser.
const ADMIN: &str = "waybill";

/// How careful the cluster is with its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As in production.
    Flush,
    /// For a cluster that is thrown away: survives `kill -9`, not the loss of power.
    Throwaway,
}

/// A Postgres cluster on loopback.
#[derive(Debug)]
pub struct Postgres {
    port: Port,
    folder: PathBuf,
    durability: Durability,
    password: String,
    user: Option<User>,
}

impl Postgres {
    /// Prepares a cluster in `folder`, which is made when it is not there; the files of an earlier run are kept.
    pub fn new(port: Port, folder: &Path, durability: Durability) -> Result<Self> {
        let user = server_user()?;
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        if let Some(user) = &user {
            chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
                .with_context(|| format!("cannot give {} to {}", folder.display(), user.name))?;
        }
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700))?;
        let password = password(&folder.join("password"), user.as_ref())?;
        let cluster = Self {
            port,
            folder: folder.to_owned(),
            durability,
            password,
            user,
        };
        if !cluster.data().join("PG_VERSION").exists() {
            cluster.init()?;
        }
        Ok(cluster)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// `postgres://…` of a database of this cluster.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://{ADMIN}:{}@127.0.0.1:{}/{database}",
            self.password,
            self.port.number()
        )
    }

    /// Makes the services' roles with the owner's own password, for a cluster that is thrown away: tests migrate their databases at the same time.
    pub(crate) fn make_roles(&self) -> Result<()> {
        for service in Part::SERVICES {
            let (role, password) = (role(service.name()), &self.password);
            psql(
                &self.url("postgres"),
                &format!("CREATE ROLE {role} LOGIN PASSWORD '{password}'"),
            )?;
        }
        Ok(())
    }

    /// `initdb` into a folder beside the real one, renamed when complete, so that a break leaves no half cluster.
    fn init(&self) -> Result<()> {
        let (data, unfinished) = (self.data(), self.folder.join("data.unfinished"));
        for leftover in [&data, &unfinished] {
            if leftover.exists() {
                std::fs::remove_dir_all(leftover)
                    .with_context(|| format!("cannot remove {}", leftover.display()))?;
            }
        }
        let log = self.folder.join("initdb.log");
        let mut process = Program::new(&programs::postgres_folder()?.join("initdb"), Signal::SIGKILL)
            .args([
                "--username",
                ADMIN,
                "--auth",
                "scram-sha-256",
                "--encoding",
                "UTF8",
                "--locale",
                "C.UTF-8",
                "--no-sync",
            ])
            .args([
                Path::new("--pwfile"),
                &self.folder.join("password"),
                Path::new("--pgdata"),
                &unfinished,
            ])
            .current_dir(&self.folder)
            .user(self.user.as_ref())
            .log(log.clone())
            .start()
            .context("cannot start initdb")?;
        let status = process.wait()?;
        if !status.success() {
            bail!(
                "initdb failed ({status}); its log ends with:\n{}",
                servers::tail(&log, 15)
            );
        }
        std::fs::rename(&unfinished, &data).context("cannot rename the new cluster")?;
        Ok(())
    }

    /// A lock file whose process is gone, or is another program by now, would keep the server from starting.
    fn remove_stale_pid_file(&self) {
        let path = self.data().join("postmaster.pid");
        let Ok(text) = std::fs::read_to_string(&path) else {
            return;
        };
        let owner = text.lines().next().unwrap_or_default().to_owned();
        let command = Command::new("ps").args(["-o", "comm=", "-p", &owner]).output();
        let runs = command.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres"));
        if !runs {
            // The server itself says so if the file cannot be replaced.
            let _ = std::fs::remove_file(&path);
        }
    }
}

impl Recipe for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn log(&self) -> PathBuf {
        self.folder.join("postgres.log")
    }

    fn program(&self) -> Result<Program> {
        self.remove_stale_pid_file();
        let settings = [
            format!("port={}", self.port.number()),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "max_connections=400".to_owned(),
            "shared_buffers=64MB".to_owned(),
        ];
        let careless = ["fsync=off", "full_page_writes=off", "max_wal_size=256MB"].map(str::to_owned);
        let careless = careless
            .into_iter()
            .filter(|_| self.durability == Durability::Throwaway);
        Ok(
            Program::new(&programs::postgres_folder()?.join("postgres"), Signal::SIGINT)
                .args([Path::new("-D"), &self.data()])
                .args(
                    settings
                        .into_iter()
                        .chain(careless)
                        .flat_map(|setting| ["-c".to_owned(), setting]),
                )
                .current_dir(&self.folder)
                .user(self.user.as_ref()),
        )
    }

    /// Asked with an SSLRequest first, which every server answers with one byte: cheap until it listens.
    fn answers(&self) -> bool {
        servers::answers(self.port.number(), &[0, 0, 0, 8, 4, 210, 22, 47], b"N")
            && psql(&self.url("postgres"), "SELECT 1").is_ok()
    }

    /// Fast shutdown: open connections are closed.
    fn stop_signal(&self) -> Signal {
        Signal::SIGINT
    }
}

/// Postgres refuses to run as root: who runs it then.
pub fn server_user() -> Result<Option<User>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some(user));
        }
    }
    bail!("Postgres refuses to run as root, and there is no user postgres or nobody to run it as")
}

fn password(path: &Path, owner: Option<&User>) -> Result<String> {
    if let Ok(password) = std::fs::read_to_string(path)
        && !password.is_empty()
    {
        return Ok(password);
    }
    let password = format!("{:032x}", rand::random::<u128>());
    std::fs::write(path, &password).with_context(|| format!("cannot write {}", path.display()))?;
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600))?;
    if let Some(user) = owner {
        chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
    }
    Ok(password)
}

/// The role that a service uses the database with: `waybill_rest_api`. Migrations make it and give it its rights.
#[must_use]
pub fn role(service: &str) -> String {
    format!("waybill_{}", service.replace('-', "_"))
}

/// The address `url` for another user.
pub fn as_user(url: &str, user: &str, password: &str) -> Result<String> {
    let (_, place) = url
        .split_once('@')
        .context("the database's address names no user")?;
    Ok(format!("postgres://{user}:{password}@{place}"))
}

/// Runs one statement and gives its rows, columns parted by `|`.
pub fn psql(url: &str, statement: &str) -> Result<String> {
    let output = psql_command(url, statement)?
        .output()
        .context("cannot run psql")?;
    if !output.status.success() {
        bail!("psql: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

pub(crate) fn psql_command(url: &str, statement: &str) -> Result<Command> {
    let mut command = Command::new(programs::postgres_folder()?.join("psql"));
    command.args([
        "--no-psqlrc",
        "--quiet",
        "--tuples-only",
        "--no-align",
        "--set",
        "ON_ERROR_STOP=1",
        "--command",
        statement,
        url,
    ]);
    command.env("PGCONNECT_TIMEOUT", "5").stdin(Stdio::null());
    Ok(command)
}
