//! What a shopper reads: amounts, times, and where an order stands, in plain sentences.

use domain::order::Reason;
use domain::{HistoryEntry, Money, Order, OrderState, ReasonCode};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `€11.90`, `¥500`, `11.90 CHF`.
pub(crate) fn money(amount: Money) -> String {
    let written = amount.to_string();
    let number = written.split(' ').next().unwrap_or_default();
    let sign = match amount.currency.as_str() {
        "EUR" => "€",
        "GBP" => "£",
        "USD" => "$",
        "JPY" => "¥",
        _ => return written,
    };
    format!("{sign}{number}")
}

/// `21 November 2026, 04:12 UTC`
pub(crate) fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%-d %B %Y, %H:%M UTC")
        .to_string()
}

/// How many there are, where that is worth a word.
pub(crate) fn stock(available: i64) -> &'static str {
    match available {
        ..=0 => "Sold out",
        1..=5 => "Only a few left",
        _ => "In stock",
    }
}

/// The first letter large.
pub(crate) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// One word or two for a list.
pub(crate) fn label(state: OrderState) -> &'static str {
    match state {
        OrderState::Submitted => "Received",
        OrderState::Held => "Being looked at",
        OrderState::AwaitingUploads => "Waiting for files",
        OrderState::Confirmed => "Confirmed",
        OrderState::Rejected => "Not taken",
        OrderState::Cancelled => "Cancelled",
        OrderState::Expired => "Expired",
        OrderState::Shipped => "On its way",
        OrderState::Delivered => "Delivered",
    }
}

/// Good, bad, or still open: chooses a colour, never instead of words.
pub(crate) fn tone(state: OrderState) -> &'static str {
    match state {
        OrderState::Submitted | OrderState::Held | OrderState::AwaitingUploads => "open",
        OrderState::Confirmed | OrderState::Shipped | OrderState::Delivered => "good",
        OrderState::Rejected | OrderState::Cancelled | OrderState::Expired => "bad",
    }
}

/// The headline of an order's page.
pub(crate) fn headline(state: OrderState) -> &'static str {
    match state {
        OrderState::Submitted | OrderState::Held => "We have your order",
        OrderState::AwaitingUploads => "We are waiting for your files",
        OrderState::Confirmed => "Confirmed",
        OrderState::Rejected => "We could not take your order",
        OrderState::Cancelled => "Your order is cancelled",
        OrderState::Expired => "Your order has expired",
        OrderState::Shipped => "Your order is on its way",
        OrderState::Delivered => "Delivered",
    }
}

/// The sentence below it. `left`: how many there are now of the product that was short.
pub(crate) fn explanation(order: &Order, left: Option<i64>) -> String {
    match order.state {
        OrderState::Submitted => "We are checking prices and stock now. This page will show what we find.".into(),
        OrderState::Held => {
            "It needs a closer look by one of us. There is nothing you need to do, and your order will not be lost.".into()
        }
        OrderState::AwaitingUploads => "We will go on as soon as all of your files have arrived.".into(),
        OrderState::Confirmed => "Everything is in stock and set aside for you. This page will say when we send it.".into(),
        OrderState::Rejected => {
            let why = order.reason.as_ref().map(|reason| refusal(reason, left)).unwrap_or_default();
            format!("{why} Nothing was set aside and nothing is charged.").trim_start().to_owned()
        }
        OrderState::Cancelled => "Nothing will be sent and nothing is charged.".into(),
        OrderState::Expired => "Your files did not arrive in time. You can place the order again.".into(),
        OrderState::Shipped => order.tracking.as_ref().map_or_else(
            || "We have handed it to the carrier.".into(),
            |code| format!("We have handed it to the carrier. Its tracking code is {code}."),
        ),
        OrderState::Delivered => "We hope you enjoy it.".into(),
    }
}

/// Why an order was not taken; beside the line it concerns, or for the whole order.
pub(crate) fn refusal(reason: &Reason, left: Option<i64>) -> String {
    match (reason.code, left) {
        (ReasonCode::UnknownProduct, _) => "We no longer sell this product.".into(),
        (ReasonCode::OutOfStock, Some(left @ 1..)) => format!("Only {left} left."),
        (ReasonCode::OutOfStock, _) => "It has just sold out.".into(),
        (ReasonCode::PriceChanged, _) => "A price has changed since you opened the order form.".into(),
        (ReasonCode::Invalid, _) => "These products can't be ordered together.".into(),
        (ReasonCode::TooLate, _) => "It was too late for that.".into(),
        (ReasonCode::TooEarly, _) => "It was too early for that.".into(),
        (ReasonCode::StaleVersion, _) => "The order had changed meanwhile.".into(),
    }
}

/// One line of an order's history.
pub(crate) fn happened(entry: &HistoryEntry) -> &'static str {
    if entry.refused.is_some() {
        return match entry.state {
            OrderState::Shipped | OrderState::Delivered => "Could not be cancelled: it had already been sent",
            _ => "Could not be cancelled",
        };
    }
    match entry.state {
        OrderState::Submitted => "We received your order",
        OrderState::Held => "We are taking a closer look",
        OrderState::AwaitingUploads => "We are waiting for your files",
        OrderState::Confirmed => "Confirmed, and set aside for you",
        OrderState::Rejected => "We could not take the order",
        OrderState::Cancelled => "Cancelled",
        OrderState::Expired => "Your files did not arrive in time",
        OrderState::Shipped => "Handed to the carrier",
        OrderState::Delivered => "Delivered",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_on_a_price_tag() {
        let amount = |minor, code: &str| money(Money::new(minor, code.parse().unwrap()));
        assert_eq!(amount(1190, "EUR"), "€11.90");
        assert_eq!(amount(500, "JPY"), "¥500");
        assert_eq!(amount(5, "CHF"), "0.05 CHF");
    }

    #[test]
    fn times_are_written_out() {
        assert_eq!(
            time("2026-11-21T04:12:59Z".parse().unwrap()),
            "21 November 2026, 04:12 UTC"
        );
    }

    #[test]
    fn a_short_product_says_how_many_are_left() {
        let reason = Reason {
            code: ReasonCode::OutOfStock,
            line: Some(0),
        };
        assert_eq!(refusal(&reason, Some(2)), "Only 2 left.");
        assert_eq!(refusal(&reason, Some(0)), "It has just sold out.");
    }
}
