//! A title and a sentence for what is told beside an order's own events.

use serde_json::{Map, Value};

use crate::{Language, Text, shown, topics};

/// What is shown about `event` with its `properties`; `None` where there is nothing to show.
pub fn news(event: &str, properties: &Map<String, Value>, language: Language) -> Option<Text> {
    if event.starts_with("catalog.") || event.starts_with("order.") {
        return Some(topics::text(event, properties, language));
    }
    Some(Text {
        title: shown(properties.get("title")?)?,
        body: properties.get("body").and_then(shown).unwrap_or_default(),
    })
}
