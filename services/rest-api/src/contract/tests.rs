//! That the contract says all, is the one that is committed, and breaks no app.

use std::collections::BTreeSet;

use domain::{Customer, GroupDraft, GuestId, OrderDraft, ScheduledDraft};
use serde_json::{Value, json};

use super::{VERSION, breaking, document, examples, operations, text};
use crate::problem::ENTRIES;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
const RELEASED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.released.json");
/// Tells the first test to write what it would compare.
const RENEW: &str = "RENEW_OPENAPI";

#[test]
fn the_committed_document_is_what_the_code_says() {
    if std::env::var_os(RENEW).is_some() {
        std::fs::write(COMMITTED, text()).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(
        committed == text(),
        "services/rest-api/openapi.json is not what the code says. Renew it:\n\n    \
         {RENEW}=1 cargo test -p rest-api --lib the_committed_document\n"
    );
}

#[test]
fn what_breaks_apps_moves_the_version() {
    let released: Value = serde_json::from_str(&std::fs::read_to_string(RELEASED).unwrap()).unwrap();
    let first = |version: &str| version.split('.').next().map(str::to_owned);
    let moved = first(released["info"]["version"].as_str().unwrap()) != first(VERSION);
    let changes = breaking::changes(&released, &document());
    assert!(
        moved || changes.is_empty(),
        "apps would stumble over this; take it back, or raise the first number of contract::VERSION:\n{}\n\n\
         With a release, services/rest-api/openapi.json is copied to openapi.released.json.",
        changes.join("\n")
    );
}

#[test]
fn each_kind_of_breaking_change_is_found() {
    let breaks = |pointer: &str, value: Value| {
        let (old, mut new) = (document(), document());
        match (new.pointer_mut(pointer), pointer.rsplit_once('/')) {
            (Some(place), _) if !value.is_null() => *place = value,
            (_, Some((parent, name))) => {
                let parent = new.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
                let name = name.replace("~1", "/");
                match parent {
                    Value::Object(fields) if value.is_null() => drop(fields.remove(&name)),
                    Value::Array(items) if name == "-" => items.push(value),
                    Value::Array(items) => drop(items.remove(name.parse::<usize>().unwrap())),
                    other => panic!("{pointer}: {other}"),
                }
            }
            (_, None) => panic!("{pointer}"),
        }
        let found = breaking::changes(&old, &new);
        assert!(!found.is_empty(), "{pointer}");
        found.join("\n")
    };
    let order = "/components/schemas/Order";
    let submit = "/paths/~1v1~1orders/post";
    assert_eq!(
        breaks("/paths/~1v1~1orders~1{id}", json!(null)),
        "GET /v1/orders/{id}: is gone"
    );
    assert_eq!(breaks(submit, json!(null)), "POST /v1/orders: is gone");
    assert!(breaks(&format!("{order}/properties/total"), json!(null)).contains("/total: is gone"));
    assert!(breaks(&format!("{order}/properties/note/type"), json!("integer")).contains("/note: type was"));
    assert!(breaks("/components/schemas/OrderState/enum/3", json!(null)).contains("\"confirmed\" is gone"));
    assert!(
        breaks("/components/schemas/OrderDraft/required/-", json!("note")).contains("/note: is required now")
    );
    assert!(breaks(&format!("{order}/required/0"), json!(null)).contains("/id: may be missing now"));
    let parameter =
        json!({ "in": "header", "name": "X-New", "required": true, "schema": { "type": "string" } });
    assert_eq!(
        breaks(&format!("{submit}/parameters/-"), parameter),
        "POST /v1/orders X-New: is new and required"
    );
    assert!(breaks("/paths/~1v1~1products/get/parameters/0", json!(null)).contains("q: is gone"));
    assert_eq!(breaking::changes(&document(), &document()), Vec::<String>::new());
}

/// The addresses of the wiring, as its source has them, with the methods that each allows.
fn routes() -> BTreeSet<(String, String)> {
    let source = include_str!("../app.rs");
    let literals = |text: &str| {
        text.split('"')
            .skip(1)
            .step_by(2)
            .take(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let resources: Vec<_> = source.split(".service(").skip(1).collect();
    let mut routes = BTreeSet::new();
    for resource in resources {
        let resource = resource.trim_start();
        assert!(
            resource.starts_with("resource("),
            "this can't be followed: {resource}"
        );
        let [path, allowed] = &literals(resource)[..] else {
            panic!("{resource}")
        };
        for method in allowed.split(", ") {
            routes.insert((path.clone(), method.to_lowercase()));
        }
    }
    routes
}

#[test]
fn every_route_has_an_operation_and_every_operation_a_route() {
    let mut document = document();
    let described: BTreeSet<_> = operations(&mut document)
        .map(|(path, method, _)| (path, method))
        .collect();
    // HEAD is GET without a body, and the pages for people describe themselves.
    let served: BTreeSet<_> = routes()
        .into_iter()
        .filter(|(path, method)| method != "head" && !path.starts_with("/docs"))
        .collect();
    assert_eq!(served, described);
}

#[test]
fn every_operation_says_all() {
    let mut document = document();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&mut document) {
        let place = format!("{method} {path}");
        for field in ["summary", "description", "operationId", "tags"] {
            assert!(!operation[field].is_null(), "{place} has no {field}");
        }
        assert!(
            ids.insert(operation["operationId"].to_string()),
            "{place}: its id is another's"
        );
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{place}: {parameter}");
        }
        let bodies = operation["requestBody"]["content"].as_object();
        for (kind, body) in bodies.into_iter().flatten() {
            assert!(!body["example"].is_null(), "{place} {kind}: no example");
        }
        for (status, answer) in operation["responses"].as_object().unwrap() {
            for (kind, content) in answer["content"].as_object().into_iter().flatten() {
                let shown = !content["example"].is_null() || !content["examples"].is_null();
                assert!(shown, "{place} {status} {kind}: no example");
            }
        }
    }
}

#[test]
fn every_problem_is_listed_somewhere() {
    let text = text();
    let listed = |name: &str| text.contains(&format!("\"#/components/examples/{name}\""));
    let unlisted: Vec<_> = ENTRIES
        .iter()
        .map(|entry| entry.name)
        // A method that an address does not have is no operation.
        .filter(|name| *name != "method-not-allowed" && !listed(name))
        .collect();
    assert_eq!(unlisted, Vec::<&str>::new());
}

#[test]
fn the_examples_of_orders_are_orders() {
    let example = |operation: &str| examples::request(operation).unwrap();
    let guest = Customer::Guest(GuestId(chassis::clock::random_id()));
    let order: OrderDraft = serde_json::from_value(example("submitOrder")).unwrap();
    order.parse(guest).unwrap();
    let group: GroupDraft = serde_json::from_value(example("submitOrderGroup")).unwrap();
    group.parse(guest).unwrap();
    let scheduled: ScheduledDraft = serde_json::from_value(example("scheduleOrder")).unwrap();
    scheduled.parse(guest).unwrap();
}

/// What of `value` no part of `schema` describes.
fn undescribed(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    if let Some(address) = schema["$ref"].as_str() {
        let there = document.pointer(&address[1..]).unwrap();
        return undescribed(document, there, value, place);
    }
    let parts = |name: &str| schema[name].as_array().into_iter().flatten();
    if schema["allOf"].is_array() {
        let mut found = parts("allOf").map(|part| undescribed(document, part, value, place));
        let first: BTreeSet<_> = found.next().into_iter().flatten().collect();
        let in_none = found.fold(first, |left, part| {
            left.intersection(&part.into_iter().collect()).cloned().collect()
        });
        return in_none.into_iter().collect();
    }
    if schema["oneOf"].is_array() {
        let found = parts("oneOf").map(|part| undescribed(document, part, value, place));
        return found.min_by_key(Vec::len).unwrap_or_default();
    }
    match value {
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                let place = format!("{place}/{name}");
                match &schema["properties"][name] {
                    Value::Null => vec![place],
                    described => undescribed(document, described, value, &place),
                }
            };
            fields.iter().flat_map(field).collect()
        }
        Value::Array(items) => {
            let item = |item| undescribed(document, &schema["items"], item, &format!("{place}/*"));
            items.iter().flat_map(item).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn the_examples_show_nothing_that_is_not_described() {
    let document = document();
    let mut found = BTreeSet::new();
    for (path, method, operation) in operations(&mut document.clone()) {
        let answers = operation["responses"].as_object().into_iter().flatten();
        let bodies = answers.map(|(_, answer)| &answer["content"]);
        for content in bodies.chain([&operation["requestBody"]["content"]]) {
            for (_, content) in content.as_object().into_iter().flatten() {
                // What is only called an object is not ours to describe.
                if !content["schema"]["$ref"].is_null() {
                    let place = format!("{method} {path}");
                    found.extend(undescribed(
                        &document,
                        &content["schema"],
                        &content["example"],
                        &place,
                    ));
                }
            }
        }
    }
    found.retain(|place| !place.contains("/channel/"));
    assert_eq!(found, BTreeSet::new());
}

#[test]
fn nothing_is_null_but_in_examples() {
    fn nulls(value: &Value, place: &str, found: &mut Vec<String>) {
        match value {
            Value::Null => found.push(place.to_owned()),
            Value::Object(fields) => {
                for (name, value) in fields.iter().filter(|(name, _)| !name.starts_with("example")) {
                    nulls(value, &format!("{place}/{name}"), found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| nulls(item, place, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    nulls(&document(), "", &mut found);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn no_reference_leads_nowhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str().filter(|_| name == "$ref") {
                        Some(address) => drop(found.insert(address.to_owned())),
                        None => references(value, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let (document, mut found) = (document(), BTreeSet::new());
    references(&document, &mut found);
    let lost: Vec<_> = found
        .iter()
        .filter(|address| document.pointer(&address[1..]).is_none())
        .collect();
    assert_eq!(lost, Vec::<&String>::new());
    assert_eq!(document["openapi"], "3.1.0");
}
