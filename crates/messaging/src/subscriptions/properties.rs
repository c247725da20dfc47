//! What a condition can ask of an event.

use conditions::Condition;
use serde_json::{Map, Value, json};

use crate::events::{Event, read_order_event};

/// The names of every event's properties: what its headers and its subject say, then what bodies say.
pub const PROPERTIES: [&str; 26] = [
    "id",
    "type",
    "source",
    "time",
    "actor",
    "correlation_id",
    "subject",
    "entity",
    "verb",
    "key",
    "order",
    "version",
    "state",
    "customer",
    "by",
    "at",
    "total",
    "reason",
    "refused",
    "sku",
    "price",
    "available",
    "name",
    "category",
    "was",
    "command",
];

/// The first property in `condition` that no event has.
pub(super) fn unknown(condition: &Condition) -> Option<String> {
    let known = |property: &&conditions::Property| {
        let first = property.segments().first();
        first.is_some_and(|first| PROPERTIES.iter().any(|name| first.is(name)))
    };
    let mut properties = condition.properties().into_iter();
    properties
        .find(|property| !known(property))
        .map(ToString::to_string)
}

impl Event {
    /// What a condition is asked of. Headers and subject win over a member of the body that has their name.
    pub fn properties(&self) -> Value {
        let mut all = self.body_properties();
        let mut tokens = self.subject.split('.').skip(1);
        let mut set = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                all.insert(name.to_owned(), value.into());
            }
        };
        set("entity", tokens.next());
        set("verb", tokens.next());
        set("key", tokens.next());
        set("subject", Some(&self.subject));
        set("id", Some(&self.envelope.id));
        set("type", Some(&self.envelope.kind));
        set("source", Some(&self.envelope.source));
        set("time", Some(&self.envelope.time.to_string()));
        set("actor", Some(&self.envelope.actor.to_string()));
        set("correlation_id", self.envelope.correlation_id.as_deref());
        Value::Object(all)
    }

    fn body_properties(&self) -> Map<String, Value> {
        if let Ok(Value::Object(body)) = serde_json::from_slice(&self.body) {
            return body;
        }
        // An order that was only announced is read from its headers.
        let announced = self.subject.starts_with("events.order.");
        let event = announced
            .then(|| read_order_event(&self.envelope, &self.body))
            .flatten();
        match serde_json::to_value(event) {
            Ok(Value::Object(event)) => event,
            _ => Map::new(),
        }
    }

    /// The event as one JSON object: its properties' headers and subject beside its body.
    pub fn to_json(&self) -> Value {
        json!({
            "subject": self.subject,
            "id": self.envelope.id,
            "type": self.envelope.kind,
            "source": self.envelope.source,
            "time": self.envelope.time,
            "actor": self.envelope.actor,
            "correlation_id": self.envelope.correlation_id,
            "data": self.body_properties(),
        })
    }
}
