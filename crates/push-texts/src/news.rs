//! A title and a sentence for what is told beside an order's own events.

use serde_json::{Map, Value};

use crate::{Language, Text, shown};

/// What is shown about `event` with its `properties`; `None` where there is nothing to show.
pub fn news(_event: &str, properties: &Map<String, Value>, _language: Language) -> Option<Text> {
    Some(Text {
        title: shown(properties.get("title")?)?,
        body: properties.get("body").and_then(shown).unwrap_or_default(),
    })
}
