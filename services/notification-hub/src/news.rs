//! What is told beside an order's own events: a wish that came true, a campaign of the shop's.

use domain::Customer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use storage::About;
use uuid::Uuid;

/// Something to tell that is about no order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// Why it is told.
    pub about: NewsOf,
    /// What its text goes by: an event's type such as `catalog.restocked`, or `campaign`.
    pub event: String,
    /// The same for everyone who is told of it, another for every occasion.
    pub event_id: String,
    /// When it happened.
    pub at: Timestamp,
    /// After that nobody wants it. Travels in the envelope.
    #[serde(skip)]
    pub expires_at: Option<Timestamp>,
    /// Whom it concerns; none where it is for anyone who has the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// Later news with the same key replaces it on the device. At most 64 characters.
    pub collapse_key: String,
    /// What the text is made of, and what the app is told.
    #[serde(default)]
    pub properties: Map<String, Value>,
    /// Whether it may wake a device that sleeps.
    #[serde(default)]
    pub urgent: bool,
}

/// Why it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewsOf {
    /// A customer wished to hear of it.
    Wish(Uuid),
    /// The shop says it.
    Campaign(Uuid),
}

impl From<NewsOf> for About {
    fn from(of: NewsOf) -> Self {
        match of {
            NewsOf::Wish(wish) => Self::Wish(wish),
            NewsOf::Campaign(campaign) => Self::Campaign(campaign),
        }
    }
}

impl News {
    /// What the app is told beside the text: the event's name and the properties that are plain values.
    pub fn data(&self) -> Vec<(String, String)> {
        let plain = self.properties.keys().filter(|name| {
            let value = &self.properties[*name];
            // The text itself is shown: twice it may be too long for a push.
            !["title", "body"].contains(&name.as_str()) && !value.is_object() && !value.is_array()
        });
        let properties = plain.filter_map(|name| Some((name.clone(), self.shown(name)?)));
        std::iter::once(("event".to_owned(), self.event.clone()))
            .chain(properties)
            .collect()
    }

    /// A property as it is shown: a text as it is, anything else as JSON.
    pub fn shown(&self, property: &str) -> Option<String> {
        match self.properties.get(property)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}
