//! An example of what each operation takes and gives.

use serde_json::{Value, json};

use super::{fields_of, operations};

const ORDER: &str = "5f0c2a5e-9d0b-8c7a-b1de-2f6f3f0f6a11";

/// Gives every body its example.
pub(super) fn complete(document: &mut Value) {
    for (_, _, operation) in operations(document) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        if let Some(example) = request(&id) {
            operation["requestBody"]["content"]["application/json"]["example"] = example;
        }
        for (status, answer) in fields_of(operation, "responses") {
            for (kind, content) in fields_of(answer, "content") {
                if let Some(example) = self::answer(&id, status, kind) {
                    content["example"] = example;
                }
            }
        }
    }
}

/// What is sent.
pub(super) fn request(operation: &str) -> Option<Value> {
    Some(match operation {
        "createGuestSession" | "cancelOrder" => json!({}),
        "submitOrder" => draft(),
        "submitOrderGroup" => json!({ "orders": [draft(), draft()] }),
        "scheduleOrder" | "changeScheduledOrder" => {
            let mut draft = draft();
            draft["place_at"] = json!("2027-03-02T09:00:00+01:00");
            draft
        }
        "putInstallation" => json!({
            "app": "shop",
            "platform": "fcm",
            "channel": { "kind": "token", "value": "bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1" },
            "locale": "de-AT",
        }),
        _ => return None,
    })
}

/// What is answered.
pub(super) fn answer(operation: &str, status: &str, kind: &str) -> Option<Value> {
    Some(match (operation, status, kind) {
        ("createGuestSession", "201", _) => json!({
            "token": "wbg_3q2-796tvu_erb7v3q2-7wABAgMEBQYHCAkKCwwNDg8",
            "token_type": "Bearer",
        }),
        ("listProducts", "200", _) => json!({ "products": [product()], "next": "aG9uZXktYWNhY2lh" }),
        ("getProduct", "200", _) => product(),
        ("listOrders", "200", _) => json!({
            "orders": [{
                "id": ORDER, "version": 2, "state": "confirmed", "total": money(2500), "units": 2,
                "submitted_at": "2026-11-21T03:48:36.123456Z", "updated_at": "2026-11-21T03:48:36.2Z",
            }],
            "next": null,
        }),
        ("submitOrder", "202", _) => accepted(),
        ("submitOrderGroup", "202", _) => json!({ "orders": [accepted(), accepted()] }),
        ("getOrder", "200", _) | ("submitOrder", "201", _) | ("cancelOrder", "202", _) => order(),
        ("followOrder", "200", "application/json") => json!({ "events": history() }),
        ("followOrder", "200", _) => json!(format!("id: 2\nevent: order\ndata: {}\n\n", order())),
        ("scheduleOrder", "201", _) | ("changeScheduledOrder" | "getScheduledOrder", "200", _) => scheduled(),
        ("listScheduledOrders", "200", _) => json!({ "scheduled_orders": [scheduled()] }),
        ("putInstallation", "200" | "201", _) | ("getInstallation", "200", _) => installation(),
        ("listInstallations", "200", _) => json!({ "installations": [installation()] }),
        ("explainProblem", "200", _) => json!("There is nothing here for you (404)\n\nCheck the address.\n"),
        ("getContract", "200", _) => json!({ "openapi": "3.1.0" }),
        _ => return None,
    })
}

fn draft() -> Value {
    json!({
        "lines": [{ "sku": "honey-acacia", "quantity": 2 }],
        "contact": { "name": "Ada Lovelace", "email": "ada@example.org" },
        "shipping_address": address(),
        "note": "Please ring twice.",
    })
}

fn address() -> Value {
    json!({ "street": "Ring 1", "postcode": "1010", "city": "Wien", "country": "AT" })
}

fn money(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "EUR" })
}

fn product() -> Value {
    json!({
        "sku": "honey-acacia", "version": 1, "name": "Acacia honey", "description": "Light and mild.",
        "category": "honey", "price": money(1250), "available": 12, "in_stock": true,
    })
}

fn links() -> Value {
    let own = format!("/v1/orders/{ORDER}");
    json!({ "self": own, "events": format!("{own}/events"), "cancellation": format!("{own}/cancellation") })
}

fn accepted() -> Value {
    json!({
        "id": ORDER, "version": 1, "state": "submitted",
        "lines": [{ "sku": "honey-acacia", "quantity": 2 }], "links": links(),
    })
}

fn history() -> Value {
    json!([
        { "version": 1, "state": "submitted", "at": "2026-11-21T03:48:36.123456Z", "by": "customer" },
        { "version": 2, "state": "confirmed", "at": "2026-11-21T03:48:36.2Z", "by": "customer" },
    ])
}

fn order() -> Value {
    json!({
        "id": ORDER, "version": 2, "state": "confirmed",
        "lines": [{
            "sku": "honey-acacia", "quantity": 2, "name": "Acacia honey",
            "unit_price": money(1250), "total": money(2500),
        }],
        "total": money(2500), "reason": null,
        "contact": { "name": "Ada Lovelace", "email": "ada@example.org" }, "shipping_address": address(),
        "note": "Please ring twice.", "tracking": null,
        "submitted_at": "2026-11-21T03:48:36.123456Z", "updated_at": "2026-11-21T03:48:36.2Z",
        "history": history(), "links": links(),
    })
}

fn scheduled() -> Value {
    json!({
        "id": ORDER, "place_at": "2027-03-02T08:00:00Z",
        "lines": [{ "sku": "honey-acacia", "quantity": 2 }],
        "contact": { "name": "Ada Lovelace", "email": "ada@example.org" }, "shipping_address": address(),
        "note": "Please ring twice.", "expected_total": null,
        "links": { "self": format!("/v1/scheduled-orders/{ORDER}"), "order": format!("/v1/orders/{ORDER}") },
    })
}

fn installation() -> Value {
    json!({
        "id": "0b7f6c1e-3c5d-4f5e-8a55-6a2c7d9f0e42", "app": "shop", "platform": "fcm", "environment": "production",
        "channel": { "kind": "token", "value": "bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1" },
        "locale": "de-AT", "updated_at": "2026-11-21T03:48:36.123456Z",
    })
}
