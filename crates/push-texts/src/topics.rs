//! What a device shows about something that its owner wished to hear of.

use domain::Money;
use serde_json::{Map, Value};

use crate::{Language, Text, amount};

/// What texts are made from.
struct Facts {
    name: Option<String>,
    price: Option<String>,
    old_price: Option<String>,
    available: Option<i64>,
    is_of_an_order: bool,
}

impl Facts {
    fn of(properties: &Map<String, Value>, language: Language) -> Self {
        let text = |name: &str| properties.get(name)?.as_str().map(str::to_owned);
        let money = |name: &str| {
            let currency = properties.get("currency")?.as_str()?.parse().ok()?;
            let minor = properties.get(name)?.as_i64()?;
            Some(amount(Money::new(minor, currency), language))
        };
        Self {
            name: text("name").or_else(|| text("sku")),
            price: money("price_minor"),
            old_price: money("old_price_minor"),
            available: properties.get("available").and_then(Value::as_i64),
            is_of_an_order: properties.contains_key("order"),
        }
    }
}

/// What is shown about an event of `topic`. There is a text for every topic, and one that fits all for those to come.
pub(crate) fn text(topic: &str, properties: &Map<String, Value>, language: Language) -> Text {
    let facts = Facts::of(properties, language);
    let (title, body) = match language {
        Language::English => english(topic, &facts),
        Language::German => german(topic, &facts),
    };
    Text {
        title: title.to_owned(),
        body,
    }
}

fn english(topic: &str, facts: &Facts) -> (&'static str, String) {
    let for_price = facts.price.as_ref().map(|price| format!(" for {price}"));
    let for_price = for_price.unwrap_or_default();
    match (topic, &facts.name, &facts.price, &facts.old_price) {
        ("catalog.restocked", Some(name), ..) => {
            ("Back in stock", format!("{name} is available again{for_price}."))
        }
        ("catalog.price-dropped", Some(name), Some(price), Some(old)) => {
            ("Now for less", format!("{name} costs {price} instead of {old}."))
        }
        ("catalog.price-dropped" | "catalog.price-changed", Some(name), Some(price), _) => {
            ("A new price", format!("{name} costs {price} now."))
        }
        ("catalog.added", Some(name), ..) => {
            ("New in our shop", format!("{name} has just arrived{for_price}."))
        }
        ("catalog.stock-changed", Some(name), ..) => match facts.available {
            Some(left @ 1..) => ("In stock", format!("{name}: {left} left.")),
            _ => ("Out of stock", format!("{name} has sold out.")),
        },
        (_, Some(name), ..) => (
            "News from our shop",
            format!("There is something new about {name}."),
        ),
        _ if facts.is_of_an_order => (
            "News about your order",
            "Something that you wanted to hear of has happened to your order.".to_owned(),
        ),
        _ => (
            "News from our shop",
            "Something that you wanted to hear of has happened.".to_owned(),
        ),
    }
}

fn german(topic: &str, facts: &Facts) -> (&'static str, String) {
    let for_price = facts.price.as_ref().map(|price| format!(" für {price}"));
    let for_price = for_price.unwrap_or_default();
    match (topic, &facts.name, &facts.price, &facts.old_price) {
        ("catalog.restocked", Some(name), ..) => ("Wieder da", format!("{name} gibt es wieder{for_price}.")),
        ("catalog.price-dropped", Some(name), Some(price), Some(old)) => {
            ("Jetzt günstiger", format!("{name} kostet {price} statt {old}."))
        }
        ("catalog.price-dropped" | "catalog.price-changed", Some(name), Some(price), _) => {
            ("Ein neuer Preis", format!("{name} kostet jetzt {price}."))
        }
        ("catalog.added", Some(name), ..) => (
            "Neu bei uns",
            format!("{name} ist gerade eingetroffen{for_price}."),
        ),
        ("catalog.stock-changed", Some(name), ..) => match facts.available {
            Some(left @ 1..) => ("Vorrätig", format!("{name}: noch {left} da.")),
            _ => ("Ausverkauft", format!("{name} ist gerade vergriffen.")),
        },
        (_, Some(name), ..) => ("Neues aus unserem Laden", format!("Es gibt Neues zu {name}.")),
        _ if facts.is_of_an_order => (
            "Neues zu Ihrer Bestellung",
            "Mit Ihrer Bestellung ist etwas geschehen, wovon Sie hören wollten.".to_owned(),
        ),
        _ => (
            "Neues aus unserem Laden",
            "Etwas, wovon Sie hören wollten, ist geschehen.".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(topic: &str, properties: Value, language: Language) -> (String, String) {
        let Value::Object(properties) = properties else {
            unreachable!("it is written as an object")
        };
        let text = text(topic, &properties, language);
        (text.title, text.body)
    }

    fn tea() -> Value {
        json!({
            "sku": "tea-1", "name": "Sencha", "price_minor": 125_050, "old_price_minor": 200_000, "currency": "EUR",
            "available": 3,
        })
    }

    #[test]
    fn every_topic_of_the_catalog_has_a_text_of_its_own_in_both_languages() {
        let of = |topic: &str, language| written(topic, tea(), language);
        let pair = |title: &str, body: &str| (title.to_owned(), body.to_owned());
        assert_eq!(
            of("catalog.restocked", Language::English),
            pair("Back in stock", "Sencha is available again for €1,250.50.")
        );
        assert_eq!(
            of("catalog.price-dropped", Language::German),
            pair("Jetzt günstiger", "Sencha kostet 1.250,50 € statt 2.000,00 €.")
        );
        for language in [Language::English, Language::German] {
            let titles: std::collections::BTreeSet<_> = [
                "catalog.added",
                "catalog.restocked",
                "catalog.price-dropped",
                "catalog.price-changed",
                "catalog.stock-changed",
                "catalog.to-come",
            ]
            .map(|topic| of(topic, language).0)
            .into();
            assert_eq!(titles.len(), 6);
        }
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let restocked = |properties| written("catalog.restocked", properties, Language::English).1;
        assert_eq!(restocked(json!({ "sku": "tea-1" })), "tea-1 is available again.");
        let nothing = written("catalog.season", json!({}), Language::English);
        assert_eq!(nothing.1, "Something that you wanted to hear of has happened.");
        let order = written("order.returned", json!({ "order": "x" }), Language::German);
        assert_eq!(order.0, "Neues zu Ihrer Bestellung");
    }
}
