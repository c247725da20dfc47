//! A wish as it is taken.

use conditions::{Condition, Equality, ParseError, Property};

use crate::key;
use crate::topic::{InvalidTopic, Topic};

/// What can be asked of events about products.
const OF_PRODUCTS: [&str; 10] = [
    "sku",
    "name",
    "category",
    "price_minor",
    "currency",
    "available",
    "old_price_minor",
    "old_available",
    "version",
    "time",
];

/// What can be asked of events about one's own orders.
const OF_ORDERS: [&str; 8] = [
    "order",
    "state",
    "version",
    "total_minor",
    "currency",
    "reason",
    "refused",
    "time",
];

/// Properties by how few events share a value, the best to file a wish under first. All others come after these, and before `currency`.
const TELLING: [&str; 3] = ["sku", "name", "category"];

/// A topic, and which of its events.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// What is to be heard of.
    pub topic: Topic,
    /// Which of it; all where there is none.
    pub condition: Option<Condition>,
}

/// Why a wish can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWish {
    /// There is no such topic.
    #[error(transparent)]
    Topic(#[from] InvalidTopic),
    /// The condition can't be read; says where.
    #[error(transparent)]
    Condition(#[from] ParseError),
    /// The condition has a character that can't be kept.
    #[error("must not have the character U+0000")]
    Character,
    /// The condition asks for what no event of the topic has.
    #[error("no event of {topic} has the property {name}; there are {}", .there.join(", "))]
    UnknownProperty {
        /// The topic.
        topic: String,
        /// What was asked for.
        name: String,
        /// What there is.
        there: &'static [&'static str],
    },
}

impl Wish {
    /// Reads a wish. Of a topic that is not [known](Topic::is_known) nobody can say which properties its events have: any is taken.
    ///
    /// # Errors
    /// [`InvalidWish`].
    pub fn parse(topic: &str, condition: Option<&str>) -> Result<Self, InvalidWish> {
        let topic = Topic::parse(topic)?;
        let Some(text) = condition else {
            return Ok(Self {
                topic,
                condition: None,
            });
        };
        if text.contains('\0') {
            return Err(InvalidWish::Character);
        }
        let condition = Condition::parse(text)?;
        if let Some(name) = unknown(&topic, &condition) {
            return Err(InvalidWish::UnknownProperty {
                there: there(&topic),
                topic: topic.to_string(),
                name,
            });
        }
        Ok(Self {
            topic,
            condition: Some(condition),
        })
    }

    /// What it is filed under: an event that fits has at least one of these among [its own](crate::Happened::keys).
    ///
    /// None for a wish on one's own orders, which is found by its customer, and for one that no event can fulfil.
    pub fn keys(&self) -> Vec<i64> {
        if self.topic.is_of_own_orders() {
            return Vec::new();
        }
        let topic = self.topic.as_str();
        let equalities = self.condition.as_ref().map(Condition::equalities);
        let best = equalities
            .into_iter()
            .flatten()
            // Of what is deep in an event it has no keys.
            .filter(|equality| equality.property.segments().len() == 1)
            .min_by_key(|equality| (commonness(equality), equality.values.len()));
        match best {
            None => vec![key::of_topic(topic)],
            Some(equality) => {
                let values = equality.values.iter();
                values
                    .map(|value| key::of_value(topic, name(&equality), value))
                    .collect()
            }
        }
    }
}

fn name<'a>(equality: &'a Equality<'_>) -> &'a str {
    equality
        .property
        .segments()
        .first()
        .map_or("", |segment| segment.name())
}

/// How many events share a value of the property, roughly.
fn commonness(equality: &Equality<'_>) -> usize {
    let name = name(equality);
    match TELLING.iter().position(|telling| *telling == name) {
        Some(place) => place,
        None if name == "currency" => TELLING.len() + 1,
        None => TELLING.len(),
    }
}

fn there(topic: &Topic) -> &'static [&'static str] {
    if topic.is_of_own_orders() {
        &OF_ORDERS
    } else {
        &OF_PRODUCTS
    }
}

/// The first property in `condition` that no event of a known topic has.
fn unknown(topic: &Topic, condition: &Condition) -> Option<String> {
    if !topic.is_known() {
        return None;
    }
    let known = |property: &&Property| match property.segments() {
        [only] => there(topic).iter().any(|name| only.is(name)),
        _ => false,
    };
    let mut properties = condition.properties().into_iter();
    properties
        .find(|property| !known(property))
        .map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(topic: &str, condition: &str) -> String {
        Wish::parse(topic, Some(condition)).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        assert_eq!(
            refused("catalog.restocked", "category = upper('tea')"),
            "line 1, column 12: functions can't be used in a condition"
        );
        assert_eq!(
            refused("catalog.restocked", "price < 2000"),
            "no event of catalog.restocked has the property price; there are sku, name, category, price_minor, \
             currency, available, old_price_minor, old_available, version, time"
        );
        assert!(refused("order.shipped", "sku = 'x'").contains("there are order, state,"));
        assert!(refused("order.shipped", "customer = 'guest:x'").contains("customer"));
        assert!(refused("catalog.added", "by = 'staff:sam'").contains("property by"));
        assert!(refused("catalog.added", "name = 'a\0b'").contains("U+0000"));
        assert!(refused("catalog.added", "name.first = 'a'").contains("name.first"));
        assert!(refused("nothing", "a = 1").contains("catalog.restocked"));
    }

    #[test]
    fn of_a_topic_to_come_any_property_can_be_asked() {
        assert!(Wish::parse("catalog.discounted", Some("percent >= 20")).is_ok());
    }

    fn keys(topic: &str, condition: Option<&str>) -> Vec<i64> {
        Wish::parse(topic, condition).unwrap().keys()
    }

    #[test]
    fn a_wish_is_filed_under_what_tells_most() {
        let topic = "catalog.restocked";
        let sku = keys(topic, Some("sku = 'a'"));
        assert_eq!(sku.len(), 1);
        assert_eq!(
            keys(topic, Some("category = 'tea' AND SKU = 'a' AND currency = 'EUR'")),
            sku
        );
        assert_eq!(keys(topic, Some("category IN ('tea', 'cups')")).len(), 2);
        assert_ne!(keys("catalog.added", Some("sku = 'a'")), sku);
        assert_eq!(
            keys(topic, Some("available = 2.0")),
            keys(topic, Some("available = 2"))
        );
        let any = keys(topic, None);
        assert_eq!(keys(topic, Some("price_minor < 2000")), any);
        assert_eq!(any.len(), 1);
        assert_eq!(keys(topic, Some("sku = 'a' AND sku = 'b'")), Vec::<i64>::new());
        assert_eq!(keys("order.shipped", None), Vec::<i64>::new());
    }
}
