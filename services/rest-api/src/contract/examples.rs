//! An example of what each operation takes and gives.

use serde_json::{Value, json};

use super::{fields_of, operations};

const ORDER: &str = "5f0c2a5e-9d0b-8c7a-b1de-2f6f3f0f6a11";

/// Of no guest.
const GUEST_TOKEN: &str = "wbg_3q2-796tvu_erb7v3q2-7wABAgMEBQYHCAkKCwwNDg8";

/// Of no session.
const REFRESH_TOKEN: &str = "wbr_3q2-796tvu_erb7v3q2-7wABAgMEBQYHCAkKCwwNDg8";

/// Gives every body its example.
pub(super) fn complete(document: &mut Value) {
    for (_, _, operation) in operations(document) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        if let Some(example) = request(&id) {
            for (_, content) in fields_of(&mut operation["requestBody"], "content") {
                content["example"] = example.clone();
            }
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
        "createGuestSession" | "cancelOrder" | "signOut" => json!({}),
        "signUp" => json!({
            "email": "ada@example.org", "password": "correct horse battery", "name": "Ada Lovelace", "locale": "de-AT",
        }),
        "signIn" => json!({ "email": "ada@example.org", "password": "correct horse battery" }),
        "refreshTokens" => json!({ "refresh_token": REFRESH_TOKEN }),
        "changeAccount" => json!({ "name": "Ada King" }),
        "eraseAccount" => json!({ "password": "correct horse battery" }),
        "changePassword" => json!({
            "old_password": "correct horse battery", "new_password": "correct horse battery staple",
        }),
        "addGuest" => json!({ "guest_token": GUEST_TOKEN }),
        "addAddress" | "changeAddress" => saved_address(),
        "putPreferences" => preferences(),
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
            "tags": ["follows:honey-acacia"],
        }),
        "changeInstallation" => json!([
            { "op": "test", "path": "/locale", "value": "de-AT" },
            { "op": "add", "path": "/tags/-", "value": "follows:tea-sencha" },
        ]),
        "addWish" => json!({
            "topic": "catalog.restocked", "condition": "price_minor < 2000 AND category IN ('tea', 'cups')",
        }),
        _ => return None,
    })
}

/// What is answered.
pub(super) fn answer(operation: &str, status: &str, kind: &str) -> Option<Value> {
    Some(match (operation, status, kind) {
        ("createGuestSession", "201", _) => json!({
            "token": GUEST_TOKEN,
            "token_type": "Bearer",
        }),
        ("signUp", "201", _) | ("signIn", "200", _) => {
            let mut signed_in = tokens();
            signed_in["account"] = account();
            signed_in
        }
        ("refreshTokens", "200", _) => tokens(),
        ("getAccount" | "changeAccount", "200", _) => account(),
        ("listSessions", "200", _) => json!({
            "sessions": [{
                "id": "0b7f6c1e-3c5d-4f5e-8a55-6a2c7d9f0e43", "device": "Shop/1.0 (Android 16)",
                "created_at": "2026-11-21T03:48:36.123456Z", "last_used_at": "2026-11-21T04:48:36Z",
                "expires_at": "2026-12-21T04:48:36Z", "current": true,
            }],
        }),
        ("getTokenKeys", "200", _) => json!({
            "keys": [{
                "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s",
                "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
            }],
        }),
        ("getPreferences" | "putPreferences", "200", _) => preferences(),
        ("getPushKeys", "200", _) => json!({
            "webpush": "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs",
        }),
        ("listAddresses", "200", _) => json!({ "addresses": [address_entry()] }),
        ("addAddress", "201", _) | ("getAddress" | "changeAddress", "200", _) => address_entry(),
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
        ("putInstallation", "200" | "201", _) | ("getInstallation" | "changeInstallation", "200", _) => {
            installation()
        }
        ("listInstallations", "200", _) => json!({ "installations": [installation()] }),
        ("addWish", "201", _) | ("getWish", "200", _) => wish(),
        ("listWishes", "200", _) => json!({ "wishes": [wish()], "next": null }),
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

fn account() -> Value {
    json!({
        "id": "018f6f0c-3a63-7c1e-9b0a-2f6f3f0f6a11", "email": "ada@example.org", "name": "Ada Lovelace",
        "locale": "de-AT", "role": "customer", "created_at": "2026-11-21T03:48:36.123456Z",
    })
}

fn tokens() -> Value {
    json!({
        "access_token": "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl", "token_type": "Bearer", "expires_in": 600,
        "refresh_token": REFRESH_TOKEN, "refresh_token_expires_at": "2026-12-21T03:48:36.123456Z",
    })
}

fn saved_address() -> Value {
    json!({ "label": "Home", "name": "Ada Lovelace", "shipping_address": address() })
}

fn address_entry() -> Value {
    let mut entry = saved_address();
    entry["id"] = json!("7a1f0c2e-5d0b-8c7a-b1de-2f6f3f0f6a12");
    entry
}

fn preferences() -> Value {
    let both = json!({ "push": true, "email": true });
    json!({ "orders": both, "wishes": both, "news": { "push": true, "email": false }, "locale": "de-AT" })
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
        "locale": "de-AT", "tags": ["follows:honey-acacia"], "expires_at": null, "updated_at": "2026-11-21T03:48:36.123456Z",
    })
}

fn wish() -> Value {
    json!({
        "id": "3c9e4f10-6a7b-8d21-9f34-5b6c7d8e9f01", "topic": "catalog.restocked",
        "condition": "price_minor < 2000 AND category IN ('tea', 'cups')", "known": true,
        "created_at": "2026-11-21T03:48:36.123456Z",
    })
}
