//! A disk that is full: a small tmpfs, filled to the brim.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use devstack::{Part, testing};
use tempfile::TempDir;

use super::stack_with;
use crate::fault::{Drill, Outcome, Settings};

/// Room for a fresh cluster, its log and some orders.
const SIZE: &str = "size=256m";
/// What the servers say of it.
const NO_SPACE: &str = "no space left on device";
const BALLAST: &str = "ballast";

/// A file system in memory that is small. Gone when dropped.
#[derive(Debug)]
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    fn mount() -> Result<Self> {
        let folder = testing::folder()?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", SIZE, "tmpfs"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .output()
            .context("cannot run mount")?;
        if !mounted.status.success() {
            bail!("{}", String::from_utf8_lossy(&mounted.stderr).trim());
        }
        // The database's user must pass through it.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
        Ok(Self { folder })
    }

    /// Writes until nothing more fits.
    fn fill(&self) -> Result<()> {
        let mut file = std::fs::File::create(self.path().join(BALLAST))?;
        for chunk in [vec![0; 1 << 20], vec![0; 1 << 12]] {
            loop {
                match file.write_all(&chunk) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    fn empty(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.path().join(BALLAST))?)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that is ending may still look at it.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// It refuses and never lies; it recovers when there is room, NATS after its restart.
pub(super) async fn full(part: Part, settings: Settings) -> Result<Outcome> {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        Err(error) => {
            return Ok(Outcome {
                skipped: Some(format!(
                    "a small disk can't be mounted (it takes root): {error:#}"
                )),
                ..Outcome::default()
            });
        }
    };
    let options = stack_with(&[])?;
    let files = disk.path().join("files");
    std::fs::create_dir(&files)?;
    symlink(&files, options.folder.join(part.name()))?;
    let drill = Drill::start(options, settings).await?;
    let filled = async |drill: &Drill| {
        disk.fill()?;
        if part == Part::Postgres {
            // Its log is laid out ahead: what is laid out already would take what comes for a while.
            let _ = drill.stack.psql("SELECT pg_switch_wal()");
        }
        drill.hold(settings.brief()).await;
        let felt = drill.stack.log(part).to_lowercase().contains(NO_SPACE);
        drill.must(felt, || format!("{part} did not notice that its disk is full"));
        let answer = drill.probe().await;
        drill.note(format!("an order while the disk of {part} is full: {answer:?}"));
        disk.empty()?;
        let died = drill.stack.id(part).await?.is_none();
        if part == Part::Nats || died {
            drill.note(format!(
                "{part} is started again{}",
                if died { ": it had ended" } else { "" }
            ));
            drill.stack.terminate(part).await?;
            drill.stack.start_part(part).await?;
        }
        Ok(())
    };
    drill.under_load(filled).await
}
