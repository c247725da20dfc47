//! An event as wishes are asked of it.

use conditions::{Condition, ParseError, Value};
use domain::Customer;
use serde_json::{Map, Value as Json};

use crate::key;

/// What is the shop's own business, or is told under another name.
const INTERNAL: [&str; 14] = [
    "id",
    "type",
    "source",
    "actor",
    "correlation_id",
    "subject",
    "entity",
    "verb",
    "key",
    "customer",
    "by",
    "at",
    "command",
    "erased",
];

/// Something that customers can hear of.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    topics: Vec<String>,
    owner: Option<Customer>,
    properties: Map<String, Json>,
}

impl Happened {
    /// Reads an event: one object of what its headers, its subject (as `entity` and `verb`) and its body say.
    ///
    /// `None` for what customers hear nothing of: what is neither of the catalog nor of someone's orders, what staff was refused, and the
    /// end of an erased customer's data.
    pub fn of(event: Json) -> Option<Self> {
        let Json::Object(mut event) = event else {
            return None;
        };
        let name = format!("{}.{}", text(&event, "entity")?, text(&event, "verb")?);
        let mut happened = match text(&event, "entity")? {
            "catalog" if name != "catalog.refused" => Self {
                topics: of_product(&mut event, name),
                owner: None,
                properties: event,
            },
            "order" if name != "order.erased" => Self {
                owner: Some(text(&event, "customer")?.parse().ok()?),
                topics: of_order(&mut event, name),
                properties: event,
            },
            _ => return None,
        };
        for internal in INTERNAL {
            happened.properties.remove(internal);
        }
        Some(happened)
    }

    /// Its topics, the most telling first: stock that came back is `catalog.restocked` before it is `catalog.stock-changed`.
    pub fn topics(&self) -> &[String] {
        &self.topics
    }

    /// Whose order it is about; nobody else hears of it. None of what everyone may hear of.
    pub fn owner(&self) -> Option<Customer> {
        self.owner
    }

    /// What conditions are asked of, and texts are made from.
    pub fn properties(&self) -> &Map<String, Json> {
        &self.properties
    }

    /// What to look for wishes under. None for what is about an order: those wishes are found by its owner.
    pub fn keys(&self) -> Vec<i64> {
        if self.owner.is_some() {
            return Vec::new();
        }
        let mut keys = Vec::with_capacity(self.topics.len() * (self.properties.len() + 1));
        for topic in &self.topics {
            keys.push(key::of_topic(topic));
            for (name, value) in &self.properties {
                if let Some(value) = Value::from(value).key() {
                    keys.push(key::of_value(topic, name, &value));
                }
            }
        }
        keys
    }

    /// Whether a stored wish is fulfilled. What is unknown, because a property is absent, is not.
    ///
    /// # Errors
    /// Where the stored condition can't be read any more.
    pub fn fits(&self, topic: &str, condition: Option<&str>) -> Result<bool, ParseError> {
        if !self.topics.iter().any(|own| own == topic) {
            return Ok(false);
        }
        match condition {
            None => Ok(true),
            Some(text) => Ok(Condition::parse(text)?.matches(&self.properties)),
        }
    }
}

fn text<'a>(event: &'a Map<String, Json>, name: &str) -> Option<&'a str> {
    event.get(name)?.as_str()
}

/// Writes an amount, minor units and currency, as two properties.
fn flatten(event: &mut Map<String, Json>, amount: &str) -> Option<i64> {
    let money = event.remove(amount)?;
    let (minor, currency) = (money.get("minor")?.as_i64()?, money.get("currency")?.clone());
    event.insert(format!("{amount}_minor"), minor.into());
    event.insert("currency".to_owned(), currency);
    Some(minor)
}

fn of_product(event: &mut Map<String, Json>, name: String) -> Vec<String> {
    let price = flatten(event, "price");
    let available = event.get("available").and_then(Json::as_i64);
    let was = event.remove("was").unwrap_or_default();
    let (old_price, old_available) = (was["price"]["minor"].as_i64(), was["available"].as_i64());
    let same_currency = Some(&was["price"]["currency"]) == event.get("currency");
    for (property, value) in [("old_price_minor", old_price), ("old_available", old_available)] {
        if let Some(value) = value {
            event.insert(property.to_owned(), value.into());
        }
    }
    let is_more_telling = match name.as_str() {
        "catalog.stock-changed" => old_available
            .zip(available)
            .is_some_and(|(old, new)| old <= 0 && new > 0)
            .then_some("catalog.restocked"),
        "catalog.price-changed" => old_price
            .zip(price)
            .is_some_and(|(old, new)| same_currency && new < old)
            .then_some("catalog.price-dropped"),
        _ => None,
    };
    let more_telling = is_more_telling.map(str::to_owned);
    more_telling.into_iter().chain([name]).collect()
}

fn of_order(event: &mut Map<String, Json>, name: String) -> Vec<String> {
    flatten(event, "total");
    if let Some(code) = event.get("reason").and_then(|reason| reason.get("code")) {
        let code = code.clone();
        event.insert("reason".to_owned(), code);
    }
    vec![name]
}
