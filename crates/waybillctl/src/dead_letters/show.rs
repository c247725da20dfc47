//! `waybillctl dead-letters show`

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;
use chassis::args::NatsArgs;
use messaging::{DeadLetter, DeadLetters};
use serde_json::{Value, json};

use super::{outside, unknown};
use crate::NAME;
use crate::output::{Console, fields, or_dash, table};

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    #[command(flatten)]
    nats: NatsArgs,

    /// Its number in the list.
    #[arg(value_name = "NUMBER")]
    sequence: u64,
}

pub(crate) async fn show(args: &Show, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let letters = DeadLetters::new(args.nats.connect(NAME, connecting).await?);
    let letter = letters
        .get(args.sequence)
        .await?
        .with_context(|| unknown(args.sequence))?;
    let history = history(&letters, &letter).await?;
    let body = String::from_utf8_lossy(&letter.body);
    let mut json = serde_json::to_value(&letter)?;
    json["body"] = serde_json::from_slice(&letter.body).unwrap_or_else(|_| json!(body));
    json["history"] = history.iter().map(Death::json).collect();
    console.answer(&json, || {
        let headers = letter
            .headers
            .iter()
            .map(|(name, value)| [name.clone(), value.clone()])
            .collect();
        let headers = table(["header", "value"], headers, "no headers");
        let mut text = about(&letter);
        if !history.is_empty() {
            let heading = [
                "it died before",
                "given up",
                "reason",
                "error",
                "what became of it",
            ];
            let rows = history.iter().map(Death::row).collect();
            text = format!("{text}\n\n{}", table(heading, rows, ""));
        }
        format!("{text}\n\n{headers}\n\n{body}")
    })
}

fn about(letter: &DeadLetter) -> String {
    fields(vec![
        ("number", letter.sequence.to_string()),
        ("given up", letter.at.to_string()),
        ("reason", letter.reason.clone()),
        ("error", letter.error.clone()),
        ("subject", letter.subject.clone()),
        ("from", format!("{} {}", letter.stream, letter.source_sequence)),
        ("consumer", letter.consumer.clone()),
        ("deliveries", letter.deliveries.to_string()),
        ("replay of", or_dash(letter.replay_of)),
    ])
}

/// An earlier letter of the same message.
struct Death {
    letter: DeadLetter,
    fate: String,
}

impl Death {
    fn json(&self) -> Value {
        let mut json = outside(&self.letter);
        json["became"] = json!(self.fate);
        json
    }

    fn row(&self) -> [String; 5] {
        let letter = &self.letter;
        [
            letter.sequence.to_string(),
            letter.at.to_string(),
            letter.reason.clone(),
            letter.error.clone(),
            self.fate.clone(),
        ]
    }
}

/// The message's other deaths that are known, and what became of each.
async fn history(letters: &DeadLetters, letter: &DeadLetter) -> anyhow::Result<Vec<Death>> {
    let mut deaths = letters.deaths(letter).await?;
    let replays = deaths.iter().chain([letter]);
    let replayed: HashMap<_, _> = replays
        .filter_map(|death| death.replay_of.zip(death.replayed_at))
        .collect();
    deaths.retain(|death| death.sequence != letter.sequence);
    let mut history = Vec::with_capacity(deaths.len());
    for death in deaths {
        let fate = match replayed.get(&death.sequence) {
            Some(at) => format!("replayed at {at}"),
            None if letters.get(death.sequence).await?.is_some() => "it is kept".into(),
            None => "replayed, discarded or aged out".into(),
        };
        history.push(Death { letter: death, fate });
    }
    Ok(history)
}
