//! A title and a sentence per event of an order.

use domain::{Actor, OrderEvent, OrderState, ReasonCode};

use crate::{Language, Text, amount};

/// What is shown about `event`; `None` where its customer need not be told.
pub fn order(event: &OrderEvent, language: Language) -> Option<Text> {
    // Whoever was erased is told nothing more.
    if event.erased {
        return None;
    }
    // A wish of the shop's own that was refused is no business of the customer's.
    if event.refused.is_some() && !matches!(event.by, Actor::Customer(_)) {
        return None;
    }
    let total = event.total.map(|total| amount(total, language));
    let (title, body) = match language {
        Language::English => english(event, total.as_deref())?,
        Language::German => german(event, total.as_deref())?,
    };
    Some(Text {
        title: title.to_owned(),
        body,
    })
}

fn english(event: &OrderEvent, total: Option<&str>) -> Option<(&'static str, String)> {
    let over = total.map(|total| format!(" for {total}")).unwrap_or_default();
    if event.refused.is_some() {
        return Some((
            "This could not be changed",
            english_refusal(event.state).to_owned(),
        ));
    }
    Some(match event.state {
        OrderState::Submitted => (
            "We have received your order",
            "Thank you! We will confirm it in a moment.".to_owned(),
        ),
        OrderState::AwaitingUploads => (
            "Your files are still missing",
            "Please finish your uploads so that we can go on with your order.".to_owned(),
        ),
        OrderState::Confirmed => (
            "Your order is confirmed",
            format!("We are getting your order{over} ready."),
        ),
        OrderState::Rejected => ("We could not take your order", english_reason(event).to_owned()),
        OrderState::Cancelled => (
            "Your order is cancelled",
            format!("Your order{over} will not be sent."),
        ),
        OrderState::Expired => (
            "Your order has lapsed",
            "Its files did not arrive in time. You are welcome to order again.".to_owned(),
        ),
        OrderState::Shipped => (
            "Your order is on its way",
            format!("We have handed your order{over} to the carrier."),
        ),
        OrderState::Delivered => ("Your order has arrived", "We hope you enjoy it.".to_owned()),
        OrderState::Held => return None,
    })
}

fn english_reason(event: &OrderEvent) -> &'static str {
    match event.reason.as_ref().map(|reason| reason.code) {
        Some(ReasonCode::OutOfStock) => "Something you chose has just sold out. Nothing was charged.",
        Some(ReasonCode::PriceChanged) => {
            "A price has changed since you looked. Please check the new total and order again."
        }
        Some(ReasonCode::UnknownProduct) => "Something you chose is no longer in our shop.",
        Some(
            ReasonCode::Invalid
            | ReasonCode::TooLate
            | ReasonCode::TooEarly
            | ReasonCode::StaleVersion
            | ReasonCode::Erased,
        )
        | None => "Please look at your order to see what was wrong.",
    }
}

fn english_refusal(state: OrderState) -> &'static str {
    match state {
        OrderState::Shipped => "Your order is already on its way.",
        OrderState::Delivered => "Your order has already arrived.",
        OrderState::Cancelled => "Your order was cancelled before.",
        _ => "Your order stays as it is.",
    }
}

fn german(event: &OrderEvent, total: Option<&str>) -> Option<(&'static str, String)> {
    let over = total.map(|total| format!(" über {total}")).unwrap_or_default();
    if event.refused.is_some() {
        return Some((
            "Das ließ sich nicht mehr ändern",
            german_refusal(event.state).to_owned(),
        ));
    }
    Some(match event.state {
        OrderState::Submitted => (
            "Wir haben Ihre Bestellung erhalten",
            "Vielen Dank! Wir bestätigen sie gleich.".to_owned(),
        ),
        OrderState::AwaitingUploads => (
            "Es fehlen noch Dateien",
            "Bitte schließen Sie das Hochladen ab, dann geht es mit Ihrer Bestellung weiter.".to_owned(),
        ),
        OrderState::Confirmed => (
            "Ihre Bestellung ist bestätigt",
            format!("Wir machen Ihre Bestellung{over} fertig."),
        ),
        OrderState::Rejected => (
            "Wir konnten Ihre Bestellung nicht annehmen",
            german_reason(event).to_owned(),
        ),
        OrderState::Cancelled => (
            "Ihre Bestellung ist storniert",
            format!("Ihre Bestellung{over} wird nicht verschickt."),
        ),
        OrderState::Expired => (
            "Ihre Bestellung ist verfallen",
            "Die Dateien kamen nicht rechtzeitig an. Sie können gern neu bestellen.".to_owned(),
        ),
        OrderState::Shipped => (
            "Ihre Bestellung ist unterwegs",
            format!("Wir haben Ihre Bestellung{over} dem Versand übergeben."),
        ),
        OrderState::Delivered => ("Ihre Bestellung ist angekommen", "Viel Freude damit!".to_owned()),
        OrderState::Held => return None,
    })
}

fn german_reason(event: &OrderEvent) -> &'static str {
    match event.reason.as_ref().map(|reason| reason.code) {
        Some(ReasonCode::OutOfStock) => "Ein Artikel war gerade ausverkauft. Es wurde nichts berechnet.",
        Some(ReasonCode::PriceChanged) => {
            "Ein Preis hat sich geändert. Bitte prüfen Sie die neue Summe und bestellen Sie erneut."
        }
        Some(ReasonCode::UnknownProduct) => "Einen Artikel gibt es in unserem Laden nicht mehr.",
        Some(
            ReasonCode::Invalid
            | ReasonCode::TooLate
            | ReasonCode::TooEarly
            | ReasonCode::StaleVersion
            | ReasonCode::Erased,
        )
        | None => "In Ihrer Bestellung sehen Sie, woran es lag.",
    }
}

fn german_refusal(state: OrderState) -> &'static str {
    match state {
        OrderState::Shipped => "Ihre Bestellung ist schon unterwegs.",
        OrderState::Delivered => "Ihre Bestellung ist schon angekommen.",
        OrderState::Cancelled => "Ihre Bestellung wurde schon storniert.",
        _ => "Ihre Bestellung bleibt, wie sie ist.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Customer, Money, OrderId, Version};

    fn event(state: OrderState) -> OrderEvent {
        let customer: Customer = "guest:018f0000-0000-7000-8000-000000000001".parse().unwrap();
        OrderEvent {
            order: OrderId("018f0000-0000-8000-8000-000000000002".parse().unwrap()),
            version: Version(2),
            state,
            customer,
            by: Actor::System("order-processor".into()),
            at: "2026-11-21T10:00:00Z".parse().unwrap(),
            total: Some(Money::new(125_050, "EUR".parse().unwrap())),
            reason: None,
            refused: None,
            erased: false,
        }
    }

    const STATES: [OrderState; 8] = [
        OrderState::Submitted,
        OrderState::AwaitingUploads,
        OrderState::Confirmed,
        OrderState::Rejected,
        OrderState::Cancelled,
        OrderState::Expired,
        OrderState::Shipped,
        OrderState::Delivered,
    ];

    #[test]
    fn every_state_a_customer_sees_has_a_text_of_its_own_in_both_languages() {
        for language in [Language::English, Language::German] {
            let titles: std::collections::BTreeSet<_> = STATES
                .iter()
                .map(|state| order(&event(*state), language).unwrap().title)
                .collect();
            assert_eq!(titles.len(), STATES.len());
        }
        assert_eq!(order(&event(OrderState::Held), Language::English), None);
    }

    #[test]
    fn no_text_holds_an_internal_word() {
        let words = [
            "submitted",
            "awaiting",
            "uploads_",
            "_",
            "version",
            "event",
            "state",
            "expired",
            "sku",
        ];
        for (state, language) in STATES
            .iter()
            .flat_map(|s| [(s, Language::English), (s, Language::German)])
        {
            let text = order(&event(*state), language).unwrap();
            let all = format!("{} {}", text.title, text.body).to_lowercase();
            for word in words {
                assert!(!all.contains(word), "{all:?} holds {word:?}");
            }
        }
    }

    #[test]
    fn amounts_are_written_as_the_language_does() {
        let confirmed = event(OrderState::Confirmed);
        assert_eq!(
            order(&confirmed, Language::English).unwrap().body,
            "We are getting your order for €1,250.50 ready."
        );
        assert_eq!(
            order(&confirmed, Language::German).unwrap().body,
            "Wir machen Ihre Bestellung über 1.250,50 € fertig."
        );
    }

    #[test]
    fn a_refused_wish_says_where_the_order_stands() {
        let mut refused = event(OrderState::Shipped);
        refused.refused = Some("cancel".into());
        assert_eq!(order(&refused, Language::English), None, "the shop's own wish");
        refused.by = Actor::Customer(refused.customer);
        assert_eq!(
            order(&refused, Language::English).unwrap().body,
            "Your order is already on its way."
        );
    }
}
