//! What a client may write, and what it is told when it must not.

use domain::OrderDraft;
use serde_json::{Value, json};

use crate::samples::customer;

fn good() -> Value {
    json!({
        "lines": [{ "sku": "tea", "quantity": 2 }],
        "contact": { "name": " Ada ", "email": "ada@example.org", "phone": " " },
        "shipping_address": { "street": "Main Street 1", "postcode": "12345", "city": "Town", "country": "DE" },
        "note": "",
        "expected_total": { "minor": 900, "currency": "EUR" },
    })
}

/// The pointers of what is wrong after `change`.
fn wrong(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut draft = good();
    change(&mut draft);
    let draft: OrderDraft = serde_json::from_value(draft).unwrap();
    draft
        .parse(customer())
        .unwrap_err()
        .into_iter()
        .map(|error| error.pointer)
        .collect()
}

#[test]
fn a_good_draft_is_trimmed_and_its_empty_texts_are_none() {
    let draft: OrderDraft = serde_json::from_value(good()).unwrap();
    let submit = draft.parse(customer()).unwrap();
    assert_eq!(submit.contact.name.as_str(), "Ada");
    assert_eq!((submit.contact.phone, submit.note), (None, None));
    assert_eq!(submit.expected_total.unwrap().minor, 900);
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let draft =
        json!({ "lines": [{ "sku": "Not A Sku", "quantity": 0 }, { "sku": "tea", "quantity": 1_000_000 }] });
    let draft: OrderDraft = serde_json::from_value(draft).unwrap();
    let errors = draft.parse(customer()).unwrap_err();
    let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/lines/0/sku",
            "/lines/0/quantity",
            "/lines/1/quantity",
            "/contact/name",
            "/contact/email",
            "/shipping_address/street",
            "/shipping_address/postcode",
            "/shipping_address/city",
            "/shipping_address/country",
        ]
    );
}

#[test]
fn one_to_a_hundred_lines_each_sku_once() {
    assert_eq!(wrong(|draft| draft["lines"] = json!([])), ["/lines"]);
    let many: Vec<_> = (0..101)
        .map(|n| json!({ "sku": format!("s-{n}"), "quantity": 1 }))
        .collect();
    assert_eq!(wrong(|draft| draft["lines"] = json!(many)), ["/lines"]);
    let tea = json!({ "sku": "tea", "quantity": 1 });
    assert_eq!(
        wrong(|draft| draft["lines"] = json!([tea, tea])),
        ["/lines/1/sku"]
    );
}

#[test]
fn slips_in_an_email_address_are_caught() {
    for slip in [
        "ada",
        "ada@",
        "@example.org",
        "ada@example",
        "a b@example.org",
        "ada@@example.org",
        "ada@.org",
        "a@b.c, d@e.f",
    ] {
        assert_eq!(
            wrong(|draft| draft["contact"]["email"] = json!(slip)),
            ["/contact/email"],
            "{slip}"
        );
    }
}

#[test]
fn a_country_is_two_capital_letters() {
    for country in ["de", "D", "DEU", "D1", ""] {
        assert_eq!(
            wrong(|draft| draft["shipping_address"]["country"] = json!(country)),
            ["/shipping_address/country"]
        );
    }
}

#[test]
fn a_shown_total_is_an_amount() {
    assert_eq!(
        wrong(|draft| draft["expected_total"]["minor"] = json!(-1)),
        ["/expected_total/minor"]
    );
    assert_eq!(
        wrong(|draft| draft["expected_total"]["currency"] = json!("euro")),
        ["/expected_total/currency"]
    );
}

#[test]
fn single_lines_stay_single_lines() {
    assert_eq!(
        wrong(|draft| draft["contact"]["name"] = json!("Ada\nBcc: x")),
        ["/contact/name"]
    );
    let mut draft = good();
    draft["note"] = json!("one\r\ntwo");
    let draft: OrderDraft = serde_json::from_value(draft).unwrap();
    assert_eq!(
        draft.parse(customer()).unwrap().note.unwrap().as_str(),
        "one\ntwo"
    );
}

#[test]
fn a_client_cannot_name_prices_or_states() {
    let mut draft = good();
    draft["lines"][0]["unit_price"] = json!({ "minor": 1, "currency": "EUR" });
    assert!(serde_json::from_value::<OrderDraft>(draft).is_err());
}
