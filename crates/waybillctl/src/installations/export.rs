//! `waybillctl installations export`

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use chassis::args::DatabaseArgs;
use domain::TagExpression;
use serde_json::json;

use super::line::Line;
use crate::NAME;
use crate::output::Console;

/// How many devices are read at once.
const PAGE: u32 = 5_000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,

    /// Only devices that match, e.g. 'follows:sku-1 && !platform:wns'.
    #[arg(long, value_name = "EXPRESSION", default_value = "*")]
    tags: TagExpression,

    /// Where to; standard output when not given.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let clauses = args.tags.clauses()?;
    let storage = args.database.connect(NAME, connecting).await?;
    let file = args.file.as_ref().map(|path| {
        let file = File::create(path).with_context(|| format!("{} can't be written", path.display()));
        file.map(BufWriter::new)
    });
    let mut file = file.transpose()?;
    let progress = super::progress(None);
    let (mut after, mut count) = (None, 0);
    loop {
        let page = storage.installations_matching(&clauses, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        count += page.len();
        let mut text = String::new();
        for installation in &page {
            text += &serde_json::to_string(&Line::from(installation))?;
            text.push('\n');
        }
        match &mut file {
            Some(file) => file.write_all(text.as_bytes())?,
            None => console.text(&text)?,
        }
        progress.set_message(format!("{count} devices"));
        progress.tick();
    }
    progress.finish_and_clear();
    let Some(mut file) = file else { return Ok(()) };
    file.flush()?;
    console.answer(&json!({ "devices": count }), || {
        format!("{count} devices written")
    })
}
