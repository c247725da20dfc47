//! One stack a data folder. The lock ends with the process that holds it, so nothing stale is ever believed.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::Pid;

const FILE: &str = "up.pid";

/// Held while a stack runs.
#[derive(Debug)]
pub(super) struct Lock {
    _file: Flock<File>,
}

impl Lock {
    /// Takes it, or says who has it.
    pub(super) fn take(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let path = folder.join(FILE);
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        let mut file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => file,
            Err((_, Errno::EWOULDBLOCK)) => bail!(
                "a stack runs already in {}: stop it with ./scripts/down, or choose another folder with --data-dir (and other ports with --port-offset 100)",
                folder.display()
            ),
            Err((_, error)) => return Err(error).with_context(|| format!("cannot lock {}", path.display())),
        };
        file.set_len(0)?;
        file.rewind()?;
        write!(file, "{}", std::process::id())?;
        Ok(Self { _file: file })
    }
}

/// Who runs a stack in this folder.
pub(super) fn holder(folder: &Path) -> Result<Option<Pid>> {
    let Ok(mut file) = File::options().read(true).write(true).open(folder.join(FILE)) else {
        return Ok(None);
    };
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(_) => Ok(None),
        Err(_) => Ok(Some(Pid::from_raw(
            text.trim()
                .parse()
                .context("the stack has not yet said who it is")?,
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Lock, holder};

    #[test]
    fn a_folder_is_held_by_one_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(holder(folder.path()).unwrap(), None);
        let lock = Lock::take(folder.path()).unwrap();
        assert!(
            Lock::take(folder.path())
                .unwrap_err()
                .to_string()
                .contains("runs already")
        );
        assert_eq!(holder(folder.path()).unwrap(), Some(nix::unistd::Pid::this()));
        drop(lock);
        assert_eq!(holder(folder.path()).unwrap(), None);
    }
}
