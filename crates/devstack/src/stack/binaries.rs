//! Where Waybill's own programs are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Names the folder that holds Waybill's programs; without it they are taken from beside the running program.
const FOLDER_VARIABLE: &str = "WAYBILL_BIN_DIR";
const NEEDED: [&str; 6] = [
    "waybillctl",
    "push-sandbox",
    "order-processor",
    "notification-hub",
    "rest-api",
    "web-frontend",
];

/// The folder with Waybill's programs.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// `WAYBILL_BIN_DIR`, or beside the running program, where they are built if they are missing.
    pub fn find() -> Result<Self> {
        let found = Self { folder: folder()? };
        if found.missing().is_empty() {
            return Ok(found);
        }
        found.build()?;
        Ok(found)
    }

    /// As [`Binaries::find`], but built first, so that a test never runs yesterday's service. With `WAYBILL_BIN_DIR` they are taken as they are.
    pub fn fresh() -> Result<Self> {
        if env::var_os(FOLDER_VARIABLE).is_some() {
            return Self::find();
        }
        let found = Self { folder: folder()? };
        found.build()?;
        Ok(found)
    }

    /// A program's path.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn missing(&self) -> Vec<&'static str> {
        NEEDED
            .into_iter()
            .filter(|name| !self.path(name).is_file())
            .collect()
    }

    fn build(&self) -> Result<()> {
        if env::var_os(FOLDER_VARIABLE).is_some() {
            bail!(
                "{} is not in {FOLDER_VARIABLE} ({})",
                self.missing().join(", "),
                self.folder.display()
            );
        }
        let profile = self
            .folder
            .file_name()
            .context("this program lies in no folder")?
            .to_string_lossy();
        let profile = if profile == "debug" { "dev" } else { &profile };
        let target = self
            .folder
            .parent()
            .context("this program lies in no target folder")?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .context("no workspace")?;
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args([
                "build",
                "--quiet",
                "--workspace",
                "--bins",
                "--profile",
                profile,
                "--target-dir",
            ])
            .arg(target);
        let output = cargo
            .current_dir(root)
            .stdin(Stdio::null())
            .output()
            .context("cannot run cargo to build the services")?;
        if !output.status.success() || !self.missing().is_empty() {
            bail!(
                "the services do not build:\n{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(())
    }
}

/// A test's program lies one folder deeper, in `deps`.
fn folder() -> Result<PathBuf> {
    if let Some(folder) = env::var_os(FOLDER_VARIABLE) {
        return Ok(std::path::absolute(folder)?);
    }
    let program = env::current_exe().context("cannot tell where this program lies")?;
    let folder = program.parent().context("this program lies in no folder")?;
    let deps = folder.file_name().is_some_and(|name| name == "deps");
    Ok(if deps {
        folder.parent().context("deps lies in no folder")?.to_owned()
    } else {
        folder.to_owned()
    })
}
