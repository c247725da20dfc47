//! Every page is rendered from its samples and looked at.

use askama::Template;
use domain::{OrderState, ReasonCode};

use super::order::{OrderPage, OrderStatus};
use super::samples::{pages, view};

/// What a shopper must never read.
const INTERNAL: [&str; 12] = [
    "nats",
    "jetstream",
    "postgres",
    "redis",
    "submitted",
    "state",
    "idempotency",
    "dead letter",
    "queue",
    "held",
    "null",
    "out_of_stock",
];

#[test]
fn every_page_renders_escaped_and_without_inline_script_or_style() {
    for (name, html) in pages() {
        assert!(
            html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"),
            "{name}"
        );
        assert!(html.contains("<h1") && html.contains("<title>"), "{name}");
        for inline in [
            "style=",
            "<style",
            "onclick",
            "onload",
            "javascript:",
            "<script>",
            "<Honey>",
            "<L>",
            "<twice>",
            "//cdn",
        ] {
            assert!(!html.contains(inline), "{name} contains {inline}");
        }
        let ids: Vec<_> = html
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        let unique: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), unique.len(), "{name} has an id twice: {ids:?}");
    }
}

#[test]
fn every_input_that_is_seen_has_a_label() {
    for (name, html) in pages() {
        for tag in html.split('<').filter(|tag| {
            ["input", "select", "textarea"]
                .iter()
                .any(|kind| tag.starts_with(kind))
        }) {
            if tag.contains("type=\"hidden\"") {
                continue;
            }
            let id = tag
                .split(" id=\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next())
                .unwrap();
            assert!(
                html.contains(&format!("for=\"{id}\"")),
                "{name}: {id} has no label"
            );
        }
    }
}

#[test]
fn no_page_has_a_word_that_only_we_use() {
    for (name, html) in pages() {
        let text = text_of(&html).to_lowercase();
        for word in INTERNAL {
            let found = text
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|found| found == word);
            let found = found || (word.contains(' ') && text.contains(word));
            assert!(!found, "{name} says {word}");
        }
    }
}

/// What is seen: everything outside of tags.
fn text_of(html: &str) -> String {
    html.split('<')
        .filter_map(|part| part.split_once('>'))
        .map(|(_, text)| text)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_reason_stands_beside_its_line() {
    let html = OrderStatus {
        order: view(OrderState::Rejected, Some(ReasonCode::OutOfStock), 2, None),
    }
    .render()
    .unwrap();
    let line = html.split("has-problem").nth(1).unwrap();
    assert!(
        line.split("</li>").next().unwrap().contains("Only 2 left."),
        "{line}"
    );
    assert!(html.contains("We could not take your order"));
    assert!(html.contains("/checkout?quantity.honey-acacia=2"));
}

#[test]
fn only_an_order_that_may_still_change_is_followed_and_cancelled() {
    let html = |state| {
        let events = "/orders/x/events?after=1".into();
        OrderPage {
            order: view(state, None, 9, None),
            events,
            is_link: false,
        }
        .render()
        .unwrap()
    };
    let open = html(OrderState::Confirmed);
    assert!(
        open.contains("data-events")
            && open.contains("http-equiv=\"refresh\"")
            && open.contains("Cancel this order")
    );
    let shut = html(OrderState::Delivered);
    assert!(
        !shut.contains("data-events")
            && !shut.contains("http-equiv=\"refresh\"")
            && !shut.contains("Cancel this order")
    );
    let shipped = html(OrderState::Shipped);
    assert!(shipped.contains("data-events") && !shipped.contains("Cancel this order"));
    assert!(shipped.contains("it had already been sent"));
}
