#![doc = include_str!("../README.md")]

mod amounts;
mod language;
mod news;
mod orders;
mod properties;
mod template;
mod topics;
mod wordings;

pub use amounts::amount;
pub use language::Language;
pub use news::news;
pub use orders::order;
pub use properties::{order_name, order_properties, sample};
pub use template::{Template, TemplateError};
pub use wordings::{Wording, WordingError, Wordings};

use serde_json::Value;

/// What a device shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The first line.
    pub title: String,
    /// The rest.
    pub body: String,
}

/// A property as it is shown: a text as it is, anything else as JSON.
pub fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
