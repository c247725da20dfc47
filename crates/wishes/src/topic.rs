//! What there is to hear of.

use std::fmt;

/// The topics that there are events of today. One that comes later needs no entry: it is a topic by its name.
pub const KNOWN: [&str; 14] = [
    "catalog.added",
    "catalog.restocked",
    "catalog.price-dropped",
    "catalog.price-changed",
    "catalog.stock-changed",
    "order.submitted",
    "order.awaiting_uploads",
    "order.confirmed",
    "order.rejected",
    "order.cancelled",
    "order.expired",
    "order.shipped",
    "order.delivered",
    "order.refused",
];

/// Types of events that nobody is told of: what the shop's staff was refused, and the end of an erased customer's data.
const TOLD_TO_NOBODY: [&str; 2] = ["catalog.refused", "order.erased"];

/// The most characters of what follows the full stop.
const MAX_VERB: usize = 60;

/// What can be heard of: a type of events by its name without a version, `catalog.restocked`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Topic(String);

/// A text that names nothing that can be heard of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be `catalog.` or `order.` and what happened there; there are {}", KNOWN.join(", "))]
pub struct InvalidTopic;

impl Topic {
    /// Reads a topic: something that happens in the catalog or to the customer's own orders.
    ///
    /// # Errors
    /// [`InvalidTopic`], which names those there are.
    pub fn parse(text: &str) -> Result<Self, InvalidTopic> {
        let (entity, verb) = text.split_once('.').ok_or(InvalidTopic)?;
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let fits = ["catalog", "order"].contains(&entity)
            && verb.starts_with(|first: char| first.is_ascii_lowercase())
            && verb.len() <= MAX_VERB
            && verb.bytes().all(good)
            && !TOLD_TO_NOBODY.contains(&text);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidTopic)
        }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there are events of it today. A slip of the pen shows here.
    pub fn is_known(&self) -> bool {
        KNOWN.contains(&self.as_str())
    }

    /// Whether it is about orders, of which everyone hears of his own alone.
    pub fn is_of_own_orders(&self) -> bool {
        self.0.starts_with("order.")
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_topic_and_one_to_come_can_be_heard_of() {
        for known in KNOWN {
            assert!(Topic::parse(known).unwrap().is_known(), "{known}");
        }
        assert!(!Topic::parse("catalog.discontinued").unwrap().is_known());
        assert!(Topic::parse("order.shipped").unwrap().is_of_own_orders());
    }

    #[test]
    fn what_is_no_topic_or_nobodys_business_is_refused() {
        let long = format!("catalog.{}", "a".repeat(61));
        for wrong in [
            "",
            "catalog",
            "catalog.",
            ".added",
            "Catalog.added",
            "catalog.Added",
            "catalog.added.v1",
            "catalog.1",
            "catalog.ad ded",
            "catalog.\u{e4}",
            "catalog.*",
            "push.sent",
            "dead-letter.orders",
            "catalog.refused",
            "order.erased",
            &long,
        ] {
            assert_eq!(Topic::parse(wrong), Err(InvalidTopic), "{wrong}");
        }
        assert!(InvalidTopic.to_string().contains("catalog.price-dropped"));
    }
}
