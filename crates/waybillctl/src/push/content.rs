//! What is sent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chassis::args::period;
use serde_json::{Map, Value};
use storage::CampaignText;

/// The most characters of a title.
const LONGEST_TITLE: usize = 120;
/// The most characters of a text. With the title and what each platform wraps it in, 5,000 bytes have to do.
const LONGEST_BODY: usize = 800;
/// The most bytes of what goes to the app.
const MOST_DATA: usize = 1_000;
/// The most languages.
const MOST_TEXTS: usize = 50;
const SHORTEST_TTL: Duration = Duration::from_mins(1);
/// As long as FCM keeps a push.
const LONGEST_TTL: Duration = Duration::from_hours(28 * 24);

#[derive(Debug, clap::Args)]
pub(crate) struct ContentArgs {
    /// The first line that a device shows.
    #[arg(long, value_name = "TEXT")]
    title: String,

    /// The rest.
    #[arg(long, value_name = "TEXT")]
    body: String,

    /// Texts for other languages, a JSON file: {"de": {"title": "…", "body": "…"}}. A device gets the one of its locale (de-AT), else of its language (de).
    #[arg(long, value_name = "FILE")]
    texts: Option<PathBuf>,

    /// What the app gets with it, a JSON object: {"sku": "assam"}.
    #[arg(long, value_name = "JSON")]
    data: Option<String>,

    /// Wake devices that sleep.
    #[arg(long)]
    urgent: bool,

    /// How long it is worth sending, counted from its beginning: 1m to 672h (28 days).
    #[arg(long, value_name = "DURATION", default_value = "4h", value_parser = period)]
    ttl: Duration,
}

/// What is sent, checked.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) text: CampaignText,
    pub(super) texts: BTreeMap<String, CampaignText>,
    pub(super) data: Map<String, Value>,
    pub(super) urgent: bool,
    pub(super) ttl: Duration,
}

impl ContentArgs {
    pub(super) fn read(&self) -> anyhow::Result<Content> {
        ensure!(
            (SHORTEST_TTL..=LONGEST_TTL).contains(&self.ttl),
            "--ttl must be from 1m to 672h"
        );
        let text = CampaignText {
            title: self.title.clone(),
            body: self.body.clone(),
        };
        check(&text).context("--title and --body")?;
        Ok(Content {
            text,
            texts: self.texts.as_deref().map(texts).transpose()?.unwrap_or_default(),
            data: self.data.as_deref().map(data).transpose()?.unwrap_or_default(),
            urgent: self.urgent,
            ttl: self.ttl,
        })
    }
}

fn check(text: &CampaignText) -> anyhow::Result<()> {
    let fits = |what: &str, text: &str, most: usize| {
        let length = text.chars().count();
        if text.trim().is_empty() {
            bail!("the {what} is empty");
        }
        ensure!(
            length <= most,
            "the {what} has {length} characters, {most} at most"
        );
        Ok(())
    };
    fits("title", &text.title, LONGEST_TITLE)?;
    fits("body", &text.body, LONGEST_BODY)
}

fn texts(path: &Path) -> anyhow::Result<BTreeMap<String, CampaignText>> {
    let shown = path.display();
    let file = std::fs::read_to_string(path).with_context(|| format!("--texts {shown} can't be read"))?;
    let texts: BTreeMap<String, CampaignText> = serde_json::from_str(&file).with_context(|| {
        format!("--texts {shown} is not {{\"de\": {{\"title\": \"…\", \"body\": \"…\"}}}}")
    })?;
    ensure!(
        texts.len() <= MOST_TEXTS,
        "--texts {shown} has more than {MOST_TEXTS} languages"
    );
    for (locale, text) in &texts {
        let tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
        ensure!(
            !locale.is_empty() && locale.chars().all(tag),
            "--texts {shown}: `{locale}` is no language tag such as de or de-AT"
        );
        check(text).with_context(|| format!("--texts {shown}: {locale}"))?;
    }
    Ok(texts)
}

fn data(text: &str) -> anyhow::Result<Map<String, Value>> {
    ensure!(text.len() <= MOST_DATA, "--data has more than {MOST_DATA} bytes");
    serde_json::from_str(text).context("--data is no JSON object")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(title: &str, body: &str) -> CampaignText {
        CampaignText {
            title: title.into(),
            body: body.into(),
        }
    }

    #[test]
    fn a_text_has_both_lines_and_no_more_than_fits_on_a_screen() {
        assert!(check(&text("Tea", "Fresh")).is_ok());
        for wrong in [
            text(" ", "x"),
            text("x", ""),
            text(&"x".repeat(121), "x"),
            text("x", &"x".repeat(801)),
        ] {
            assert!(check(&wrong).is_err());
        }
    }

    #[test]
    fn data_is_an_object() {
        assert_eq!(data(r#"{"sku": "tea"}"#).unwrap()["sku"], "tea");
        for wrong in ["[]", "tea", "{", &format!("{{\"a\": \"{}\"}}", "x".repeat(1_000))] {
            assert!(data(wrong).is_err(), "{wrong}");
        }
    }
}
