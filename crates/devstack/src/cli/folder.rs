//! Which folder holds a stack's files.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::unistd::User;

use crate::servers::postgres::server_user;

/// Below this the folders stand that could not stand where they were wanted.
const ELSEWHERE: &str = "/var/lib/waybill";

#[derive(Debug, Clone, clap::Args)]
pub(super) struct FolderArgs {
    /// Where the stack keeps its files
    #[arg(
        long,
        env = "WAYBILL_DATA_DIR",
        value_name = "DIR",
        default_value = ".waybill"
    )]
    pub(super) data_dir: PathBuf,
}

/// Where the files were wanted, and where they are.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) wanted: PathBuf,
    pub(super) used: PathBuf,
}

impl FolderArgs {
    /// The folder itself, or one that the database's user may enter. The same answer every time.
    pub(super) fn resolve(&self) -> Result<Folder> {
        let wanted = std::path::absolute(&self.data_dir)
            .with_context(|| format!("cannot use {}", self.data_dir.display()))?;
        let used = match server_user()? {
            Some(user) if !may_enter(&user, &wanted) => elsewhere(&wanted),
            _ => wanted.clone(),
        };
        Ok(Folder { wanted, used })
    }
}

fn elsewhere(wanted: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    wanted.hash(&mut hasher);
    Path::new(ELSEWHERE).join(format!("{:08x}", hasher.finish() & 0xffff_ffff))
}

/// Whether this user may pass through every folder on the way; folders that are not there yet are made so that he may.
fn may_enter(user: &User, path: &Path) -> bool {
    path.ancestors()
        .filter_map(|folder| folder.metadata().ok())
        .all(|folder| {
            let shift = if folder.uid() == user.uid.as_raw() {
                6
            } else if folder.gid() == user.gid.as_raw() {
                3
            } else {
                0
            };
            folder.mode() >> shift & 1 == 1
        })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use nix::unistd::User;

    use super::{elsewhere, may_enter};

    #[test]
    fn a_closed_folder_on_the_way_keeps_another_user_out() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("not/yet/there");
        let nobody = User::from_name("nobody").unwrap().unwrap();
        std::fs::set_permissions(outer.path(), PermissionsExt::from_mode(0o700)).unwrap();
        assert!(!may_enter(&nobody, &inner));
        std::fs::set_permissions(outer.path(), PermissionsExt::from_mode(0o711)).unwrap();
        assert_eq!(
            may_enter(&nobody, &inner),
            may_enter(&nobody, outer.path().parent().unwrap())
        );
        assert_eq!(elsewhere(&inner), elsewhere(&inner));
    }
}
