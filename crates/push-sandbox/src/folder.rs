//! Files of the data folder, for their owner's eyes only.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::credentials::CredentialError;

/// The file's text; made and written first when there is no such file.
pub(crate) fn kept(
    path: &Path,
    make: impl FnOnce() -> Result<String, CredentialError>,
) -> Result<String, CredentialError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = make()?;
            write(path, &text)?;
            Ok(text)
        }
        Err(source) => Err(CredentialError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Makes the data folder, for its owner's eyes only.
pub(crate) fn make_folder(folder: &Path) -> Result<(), CredentialError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| CredentialError::File {
        path: folder.to_owned(),
        source,
    })
}

/// Writes beside the file and then takes its place, so that a crash leaves no half of it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), CredentialError> {
    let half = path.with_extension("part");
    // A left-over of a crash might be readable by others; there is mostly none.
    drop(fs::remove_file(&half));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&half)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&half, path));
    written.map_err(|source| CredentialError::File {
        path: path.to_owned(),
        source,
    })
}
