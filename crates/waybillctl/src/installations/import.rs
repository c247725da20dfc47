//! `waybillctl installations import`

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use chassis::args::DatabaseArgs;
use chassis::clock;
use domain::InstallationId;
use indicatif::ProgressBar;
use serde::Serialize;
use storage::{Installation, Storage};

use super::line::Entry;
use crate::NAME;
use crate::output::Console;

/// How many lines are one transaction. More hold more locks and gain nothing.
const BATCH: usize = 500;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,

    /// What to read; - for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Say on standard error which lines are refused, import the others, and fail at the end.
    #[arg(long)]
    keep_going: bool,
}

/// What was done.
#[derive(Debug, Default, Serialize)]
struct Done {
    created: usize,
    updated: usize,
    removed: usize,
    refused: usize,
}

/// Lines that are stored together: no device and no channel twice, so that a later line comes after an earlier one about the same.
#[derive(Default)]
struct Batch {
    put: Vec<Installation>,
    /// The lines of `put`.
    lines: Vec<usize>,
    remove: Vec<InstallationId>,
    ids: HashSet<InstallationId>,
    channels: HashSet<String>,
}

impl Batch {
    fn len(&self) -> usize {
        self.ids.len()
    }

    /// Gives it back where it has to wait for the next batch.
    fn add(&mut self, line: usize, entry: Entry) -> Option<Entry> {
        let (id, channel) = match &entry {
            Entry::Put(installation) => (installation.id, Some(place(installation))),
            Entry::Remove(id) => (*id, None),
        };
        let there = channel
            .as_ref()
            .is_some_and(|channel| self.channels.contains(channel));
        if there || self.ids.contains(&id) || self.len() == BATCH {
            return Some(entry);
        }
        self.ids.insert(id);
        self.channels.extend(channel);
        match entry {
            Entry::Put(installation) => {
                self.put.push(*installation);
                self.lines.push(line);
            }
            Entry::Remove(id) => self.remove.push(id),
        }
        None
    }
}

/// The app and its channel.
fn place(installation: &Installation) -> String {
    // A value of ours always serialises.
    let channel = serde_json::to_string(&installation.channel).unwrap_or_default();
    format!("{} {channel}", installation.app)
}

struct Import<'a> {
    storage: &'a Storage,
    keep_going: bool,
    progress: ProgressBar,
    batch: Batch,
    done: Done,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let (input, bytes) = args.open()?;
    let storage = args.database.connect(NAME, connecting).await?;
    let mut import = Import {
        storage: &storage,
        keep_going: args.keep_going,
        progress: super::progress(bytes),
        batch: Batch::default(),
        done: Done::default(),
    };
    let read = import.read(input).await;
    // What came before a line that is refused is imported.
    import.flush().await?;
    import.progress.finish_and_clear();
    read?;
    let done = import.done;
    console.answer(&done, || {
        let Done {
            created,
            updated,
            removed,
            refused,
        } = done;
        format!("{created} devices are new, {updated} were there, {removed} are forgotten, {refused} lines are refused")
    })?;
    match done.refused {
        0 => Ok(()),
        refused => bail!("{refused} lines were refused; mend them and import them again"),
    }
}

impl Args {
    /// The lines, and how many bytes they are where that is known.
    fn open(&self) -> anyhow::Result<(Box<dyn BufRead>, Option<u64>)> {
        if self.file.as_os_str() == "-" {
            return Ok((Box::new(BufReader::new(std::io::stdin())), None));
        }
        let words = || format!("{} can't be read", self.file.display());
        let file = File::open(&self.file).with_context(words)?;
        let bytes = file.metadata().with_context(words)?.len();
        Ok((Box::new(BufReader::new(file)), Some(bytes)))
    }
}

impl Import<'_> {
    async fn read(&mut self, mut input: Box<dyn BufRead>) -> anyhow::Result<()> {
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let length = input
                .read_until(b'\n', &mut line)
                .context("the lines can't be read")?;
            if length == 0 {
                break;
            }
            if !line.trim_ascii().is_empty() {
                self.line(number, &line).await?;
            }
            self.progress.inc(length as u64);
        }
        Ok(())
    }

    async fn line(&mut self, number: usize, line: &[u8]) -> anyhow::Result<()> {
        match Entry::read(line, clock::now()) {
            Ok(entry) => {
                if let Some(entry) = self.batch.add(number, entry) {
                    self.flush().await?;
                    self.batch.add(number, entry);
                }
                Ok(())
            }
            Err(errors) => {
                let words = errors.iter().map(|error| match error.pointer.as_str() {
                    "" => error.detail.clone(),
                    pointer => format!("{pointer} {}", error.detail),
                });
                self.refuse(number, &words.collect::<Vec<_>>().join("; "))
            }
        }
    }

    fn refuse(&mut self, number: usize, why: &str) -> anyhow::Result<()> {
        if !self.keep_going {
            bail!(
                "line {number}: {why} (what came before it is imported; --keep-going imports the rest, too)"
            );
        }
        self.done.refused += 1;
        self.progress
            .suspend(|| writeln!(std::io::stderr(), "line {number}: {why}"))?;
        Ok(())
    }

    async fn flush(&mut self) -> anyhow::Result<()> {
        let batch = std::mem::take(&mut self.batch);
        if batch.len() == 0 {
            return Ok(());
        }
        let imported = self
            .storage
            .import_installations(&batch.put, &batch.remove)
            .await?;
        self.done.created += imported.created;
        self.done.updated += imported.updated;
        self.done.removed += imported.removed;
        let all = self.done.created + self.done.updated + self.done.removed;
        self.progress.set_message(format!("{all} devices"));
        for (installation, number) in batch.put.iter().zip(&batch.lines) {
            if imported.erased.contains(&installation.id) {
                self.refuse(*number, "/customer was erased")?;
            }
        }
        Ok(())
    }
}
