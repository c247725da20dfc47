//! Answers, for people or for scripts.

use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// What an answer looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// Aligned columns.
    Table,
    /// JSON.
    Json,
}

/// Where answers go.
pub(crate) struct Console<'a> {
    output: Output,
    out: &'a mut (dyn Write + Send),
}

impl<'a> Console<'a> {
    pub(crate) fn new(output: Output, out: &'a mut (dyn Write + Send)) -> Self {
        Self { output, out }
    }

    /// Prints `json` to scripts, and to people what `text` makes of it.
    pub(crate) fn answer<T: Serialize + ?Sized>(
        &mut self,
        json: &T,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        match self.output {
            Output::Table => writeln!(self.out, "{}", text())?,
            Output::Json => {
                serde_json::to_writer_pretty(&mut *self.out, json)?;
                writeln!(self.out)?;
            }
        }
        Ok(self.out.flush()?)
    }

    /// Prints `json` on one line, whatever the answer is to look like.
    pub(crate) fn line<T: Serialize + ?Sized>(&mut self, json: &T) -> anyhow::Result<()> {
        serde_json::to_writer(&mut *self.out, json)?;
        writeln!(self.out)?;
        Ok(self.out.flush()?)
    }

    /// Prints `text` as it is, whatever the answer is to look like.
    pub(crate) fn text(&mut self, text: &str) -> anyhow::Result<()> {
        self.out.write_all(text.as_bytes())?;
        Ok(self.out.flush()?)
    }
}

/// Rows below a heading, or `nothing` where there are none.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: Vec<[String; N]>, nothing: &str) -> String {
    if rows.is_empty() {
        return nothing.to_owned();
    }
    let mut table = Table::new();
    table.set_header(heading.map(str::to_uppercase)).add_rows(rows);
    plain(table)
}

/// Names beside their values.
pub(crate) fn fields(fields: Vec<(&str, String)>) -> String {
    let mut table = Table::new();
    table.add_rows(
        fields
            .into_iter()
            .map(|(name, value)| [format!("{name}:"), value]),
    );
    plain(table)
}

/// Columns without lines, so that they can be cut and searched.
fn plain(mut table: Table) -> String {
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// The value, or a dash.
pub(crate) fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
