//! Whose wishes an event fulfils, and what they are told.

use std::collections::HashMap;

use ::wishes::Happened;
use domain::Customer;
use messaging::{Delivery, events};
use push_texts::Language;
use storage::Wish;
use uuid::Uuid;

use crate::news::{News, NewsOf};
use crate::notification::What;

/// For each customer the one of his wishes that he is told for.
pub(super) type Found = HashMap<Customer, Wish>;

/// Of each customer the fulfilled wish with the most telling topic. A stored condition that can't be read is logged, and holds up no other.
pub(super) fn fulfilled(happened: &Happened, wishes: Vec<Wish>) -> Found {
    let place = |wish: &Wish| happened.topics().iter().position(|topic| *topic == wish.topic);
    let (mut asked, mut found) = (0, Found::new());
    for wish in wishes {
        asked += 1;
        match happened.fits(&wish.topic, wish.condition.as_deref()) {
            Ok(true) => {
                let known = found.entry(wish.customer).or_insert_with(|| wish.clone());
                if place(&wish) < place(known) {
                    *known = wish;
                }
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(wish.id = %wish.id, %error, "a stored condition can't be read"),
        }
    }
    metrics::counter!("push_wishes_asked_total").increment(asked);
    metrics::counter!("push_wishes_fulfilled_total").increment(found.len() as u64);
    found
}

/// What is told for `wish`. Of an order it is the very push that tells of it anyway, so that a device has one of them.
pub(super) fn what(cause: &Delivery, happened: &Happened, wish: &Wish) -> What {
    let event = events::read_order_event(&cause.envelope, &cause.body)
        .filter(|event| push_texts::order(event, Language::English).is_some());
    if let Some(event) = event {
        return What::Order(event);
    }
    What::News(News {
        about: NewsOf::Wish(wish.id.0),
        event: wish.topic.clone(),
        event_id: cause.envelope.id.clone(),
        at: cause.envelope.time,
        expires_at: None,
        customer: Some(wish.customer),
        collapse_key: collapse_key(happened, &wish.topic),
        properties: happened.properties().clone(),
        urgent: false,
        silent: false,
    })
}

/// On a device later news of one topic about one product replaces earlier news; about an order it replaces whatever was told of it.
fn collapse_key(happened: &Happened, topic: &str) -> String {
    let text = |name: &str| happened.properties().get(name)?.as_str();
    match text("order") {
        Some(order) if happened.owner().is_some() && order.len() <= 64 => order.to_owned(),
        _ => {
            let product = text("sku").unwrap_or_default();
            Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{topic}/{product}").as_bytes()).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use domain::{GuestId, WishId};

    fn wish(number: u128, owner: u128, topic: &str, condition: Option<&str>) -> Wish {
        Wish {
            id: WishId(Uuid::from_u128(number)),
            customer: Customer::Guest(GuestId(Uuid::from_u128(owner))),
            topic: topic.into(),
            condition: condition.map(str::to_owned),
            created_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    fn restock() -> Happened {
        Happened::of(json!({
            "entity": "catalog", "verb": "stock-changed", "sku": "tea", "available": 5, "was": { "available": 0 },
        }))
        .unwrap()
    }

    #[test]
    fn of_several_wishes_of_a_customer_the_most_telling_counts() {
        let found = fulfilled(
            &restock(),
            vec![
                wish(1, 1, "catalog.stock-changed", None),
                wish(2, 1, "catalog.restocked", Some("sku = 'tea'")),
                wish(3, 1, "catalog.restocked", None),
                wish(4, 2, "catalog.restocked", Some("sku = 'cup'")),
                wish(5, 3, "catalog.restocked", Some("???")),
                wish(6, 4, "catalog.stock-changed", None),
            ],
        );
        let mut ids: Vec<_> = found.values().map(|wish| wish.id.0.as_u128()).collect();
        ids.sort_unstable();
        assert_eq!(ids, [2, 6]);
    }

    #[test]
    fn news_replaces_its_like_alone() {
        let key = |topic| collapse_key(&restock(), topic);
        assert_eq!(key("catalog.restocked"), key("catalog.restocked"));
        assert_ne!(key("catalog.restocked"), key("catalog.price-dropped"));
        assert!(key("catalog.restocked").len() <= 64);
    }
}
