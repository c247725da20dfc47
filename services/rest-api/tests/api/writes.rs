//! What an app may not say: fields that are not known, and those that are not its own to decide.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::operations::{Owner, contract, operations};
use crate::support::Api;

/// None of these is an app's to say, at any depth; the last one nobody knows.
const NOT_THEIRS: [&str; 12] = [
    "id",
    "version",
    "state",
    "status",
    "price",
    "unit_price",
    "total",
    "account",
    "customer",
    "role",
    "created_at",
    "surprise",
];

/// The pointers of all objects in a body.
fn objects(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(pointer.to_owned());
            for (name, field) in fields {
                objects(field, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn fields_that_are_not_known_are_refused_in_every_write() {
    let flags = ["--sign-ups-per-address=1000", "--sign-ins-per-address=1000"];
    let api = Api::start_with(&flags).await;
    let owner = Owner::sign_up(&api, "ada@example.org").await;
    let before = owner.all().await;
    for operation in operations() {
        let Some(body) = owner.body(&operation) else {
            continue;
        };
        let mut places = Vec::new();
        objects(&body, "", &mut places);
        for (place, field) in places
            .iter()
            .flat_map(|place| NOT_THEIRS.map(|field| (place, field)))
        {
            let mut body = body.clone();
            body.pointer_mut(place).unwrap()[field] = json!(1);
            let mut request = owner.request(&operation, Some(&body));
            if !operation.is_open() {
                request = request.bearer_auth(&owner.member.access);
            }
            let pointer = format!("{place}/{field}");
            let fields = Answer::of(request).await.fields();
            assert!(
                fields.len() == 1 && fields[0].starts_with(&format!("{pointer}: unknown field")),
                "{} {pointer}: {fields:?}",
                operation.id
            );
        }
    }
    assert_eq!(owner.all().await, before);
    api.close().await;
}

#[test]
fn the_contract_says_of_every_object_that_is_sent_that_it_takes_nothing_else() {
    fn check(document: &Value, schema: &Value, place: &str) {
        if let Some(address) = schema["$ref"].as_str() {
            let named = document.pointer(&address[1..]).unwrap();
            return check(document, named, &format!("{place} {address}"));
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            for one in schema[choice].as_array().into_iter().flatten() {
                check(document, one, place);
            }
        }
        if let Some(fields) = schema["properties"].as_object() {
            assert_eq!(schema["additionalProperties"], false, "{place}");
            for (name, field) in fields {
                check(document, field, &format!("{place}/{name}"));
            }
        }
        if !schema["items"].is_null() {
            check(document, &schema["items"], place);
        }
    }
    let document = contract();
    for operation in operations() {
        if let Some((_, content)) = operation.content() {
            check(&document, &content["schema"], &operation.id);
        }
    }
}
