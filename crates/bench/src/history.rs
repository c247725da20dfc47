//! What was tried and what came of it: one JSON object a line, written as it happens.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use domain::{OrderId, OrderState, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One line of a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When it was written down.
    pub at: Timestamp,
    /// The order's Idempotency-Key.
    pub key: String,
    /// Number of the guest that sent it.
    pub guest: u32,
    /// Which attempt under this key, from 1.
    pub attempt: u32,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// The request is about to be sent.
    Attempted {
        /// What it orders: SKU and quantity.
        lines: Vec<(String, i64)>,
    },
    /// It was answered with 2xx.
    Accepted {
        /// The order's id in the answer.
        order: OrderId,
        /// Whether the answer said that it repeats an earlier one.
        replayed: bool,
    },
    /// It was answered with anything else.
    Refused {
        /// HTTP status.
        status: u16,
        /// The problem's type (RFC 9457).
        problem: String,
    },
    /// No answer came, or none that can be read: it may have been accepted.
    Unknown {
        /// Why.
        why: String,
    },
    /// A reader saw the order. Written when what he sees changes.
    Seen {
        /// Which order.
        order: OrderId,
        /// Its version.
        version: Version,
        /// Its state.
        state: OrderState,
    },
}

/// Where a history goes. Shared by all who write to it.
#[derive(Debug)]
pub struct History {
    sink: Mutex<Sink>,
}

#[derive(Debug)]
enum Sink {
    Nowhere,
    Memory(Vec<Record>),
    File(File),
    Failed(std::io::Error),
}

impl History {
    fn over(sink: Sink) -> Self {
        Self {
            sink: Mutex::new(sink),
        }
    }

    /// Into this file, which is made anew.
    ///
    /// # Errors
    /// Where it can't be made.
    pub fn file(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self::over(Sink::File(file)))
    }

    /// Kept, for [`History::records`].
    pub fn memory() -> Self {
        Self::over(Sink::Memory(Vec::new()))
    }

    /// Dropped.
    pub fn nowhere() -> Self {
        Self::over(Sink::Nowhere)
    }

    /// Adds a line. A line that can't be written fails [`History::finish`].
    pub fn write(&self, record: Record) {
        let mut sink = self.lock();
        let written = match &mut *sink {
            Sink::Memory(records) => {
                records.push(record);
                Ok(())
            }
            // One call a line and no buffer: what was attempted is known even if this process is killed.
            Sink::File(file) => line(&record).and_then(|line| file.write_all(&line)),
            Sink::Nowhere | Sink::Failed(_) => Ok(()),
        };
        if let Err(error) = written {
            *sink = Sink::Failed(error);
        }
    }

    /// What was kept in memory.
    pub fn records(&self) -> Vec<Record> {
        match &*self.lock() {
            Sink::Memory(records) => records.clone(),
            _ => Vec::new(),
        }
    }

    /// Says whether every line was written.
    ///
    /// # Errors
    /// The first failure.
    pub fn finish(self) -> Result<()> {
        match self.sink.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Sink::Failed(error) => Err(error).context("the history is not whole"),
            _ => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sink> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line(record: &Record) -> std::io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    Ok(line)
}

/// Reads a history. A last line that a kill cut off is left out: its outcome is unknown.
///
/// # Errors
/// Where the file can't be read or another line is none of a history.
pub fn read(path: &Path) -> Result<Vec<Record>> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut input = BufReader::new(file);
    let (mut records, mut line) = (Vec::new(), String::new());
    while input.read_line(&mut line)? > 0 && line.ends_with('\n') {
        let record = serde_json::from_str(&line);
        records.push(record.with_context(|| format!("{}, line {}", path.display(), records.len() + 1))?);
        line.clear();
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<Record> {
        let order = OrderId("0199c2f0-0000-8000-8000-000000000000".parse().unwrap());
        [
            What::Attempted {
                lines: vec![("tea".into(), 2)],
            },
            What::Accepted {
                order,
                replayed: false,
            },
            What::Refused {
                status: 422,
                problem: "/problems/invalid-input".into(),
            },
            What::Unknown {
                why: "no answer".into(),
            },
            What::Seen {
                order,
                version: Version(2),
                state: OrderState::Confirmed,
            },
        ]
        .map(|what| Record {
            at: Timestamp::UNIX_EPOCH,
            key: "k".into(),
            guest: 3,
            attempt: 1,
            what,
        })
        .into()
    }

    #[test]
    fn what_is_written_is_read_again_but_for_a_line_that_was_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        let history = History::file(&path).unwrap();
        records().into_iter().for_each(|record| history.write(record));
        history.finish().unwrap();
        assert_eq!(read(&path).unwrap(), records());

        let mut text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(r#"{"at":"1970-01-01T00:00:00Z","key":"k","guest":3,"attempt":1,"event":"attempted","lines":[["tea",2]]}"#), "{text}");
        text.truncate(text.len() - 5);
        std::fs::write(&path, &text).unwrap();
        assert_eq!(read(&path).unwrap(), records()[..4]);
    }

    #[test]
    fn a_line_that_is_none_of_a_history_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        std::fs::write(&path, "{}\n").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("line 1"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_at_the_end() {
        let history = History::file(Path::new("/dev/full")).unwrap();
        history.write(records().remove(0));
        assert!(history.finish().is_err());
    }
}
