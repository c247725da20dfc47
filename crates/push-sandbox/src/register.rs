//! The file of pretend devices, one line of JSON each: a restarted sandbox still has the phones that apps registered.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::device::Device;

pub(crate) struct Register {
    file: File,
}

impl Register {
    /// Opens the file, made where there is none, and reads the devices in it, oldest first.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Vec<Device>)> {
        let known = match std::fs::read_to_string(path) {
            Ok(text) => text.lines().filter_map(device).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        Ok((Self { file }, known))
    }

    /// Adds a device at the end.
    pub(crate) fn add(&mut self, device: &Device) -> io::Result<()> {
        // The first line break ends what a crash may have left half written.
        self.file
            .write_all(format!("\n{}\n", serde_json::to_string(device)?).as_bytes())
    }

    /// Adds many in one write.
    pub(crate) fn add_all(&mut self, devices: &[Device]) -> io::Result<()> {
        let mut lines = String::from("\n");
        for device in devices {
            lines.push_str(&serde_json::to_string(device)?);
            lines.push('\n');
        }
        self.file.write_all(lines.as_bytes())
    }
}

fn device(line: &str) -> Option<Device> {
    if line.is_empty() {
        return None;
    }
    serde_json::from_str(line)
        .inspect_err(|error| tracing::warn!(%error, "a pretend device could not be read; it is left out"))
        .ok()
}
