//! A device on a line: what the API takes of it, with its id and whose it is.

use domain::{Customer, FieldError, InstallationId};
use jiff::Timestamp;
use registration::Draft;
use registration::json::{self, Unreadable};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use storage::Installation;

/// As it is written.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    id: InstallationId,
    customer: Customer,
    #[serde(flatten)]
    pub(super) draft: Draft,
}

impl From<&Installation> for Line {
    fn from(installation: &Installation) -> Self {
        Self {
            id: installation.id,
            customer: installation.customer,
            draft: Draft::from(installation),
        }
    }
}

/// What a line asks for.
#[derive(Debug)]
pub(super) enum Entry {
    Put(Box<Installation>),
    Remove(InstallationId),
}

impl Entry {
    /// Reads a line, as of `now`.
    ///
    /// # Errors
    /// Everything that is wrong with it, by JSON pointer; an empty one is about the whole line.
    pub(super) fn read(line: &[u8], now: Timestamp) -> Result<Self, Vec<FieldError>> {
        let mut fields: Map<String, Value> =
            serde_json::from_slice(line).map_err(|error| vec![wrong("", &error.to_string())])?;
        let id: InstallationId = take(&mut fields, "id").map_err(|error| vec![error])?;
        if fields.contains_key("delete") {
            return removal(fields, id).map_err(|error| vec![error]);
        }
        let customer = take(&mut fields, "customer").map_err(|error| vec![error])?;
        let draft: Draft = read(Value::Object(fields), "").map_err(|error| vec![error])?;
        let installation = draft.parse(id, customer, now)?;
        Ok(Self::Put(Box::new(installation)))
    }
}

fn removal(mut fields: Map<String, Value>, id: InstallationId) -> Result<Entry, FieldError> {
    if fields.remove("delete") != Some(Value::Bool(true)) {
        return Err(wrong("/delete", "must be true, or not be there"));
    }
    match fields.keys().next() {
        None => Ok(Entry::Remove(id)),
        Some(other) => Err(wrong(&format!("/{other}"), "has no place beside delete")),
    }
}

fn take<T: DeserializeOwned>(fields: &mut Map<String, Value>, name: &str) -> Result<T, FieldError> {
    let pointer = format!("/{name}");
    match fields.remove(name) {
        None => Err(wrong(&pointer, "must be there")),
        Some(value) => read(value, &pointer),
    }
}

fn read<T: DeserializeOwned>(value: Value, place: &str) -> Result<T, FieldError> {
    json::fields(value).map_err(|error| match error {
        Unreadable::Field(error) => wrong(&format!("{place}{}", error.pointer), &error.detail),
        Unreadable::Json(pointer, error) => wrong(&format!("{place}{pointer}"), &error.to_string()),
    })
}

fn wrong(pointer: &str, detail: &str) -> FieldError {
    FieldError {
        pointer: pointer.to_owned(),
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018f0000-0000-7000-8000-000000000001";

    fn read(line: &Value) -> Result<Entry, String> {
        let now = "2026-11-21T10:00:00Z".parse().unwrap();
        Entry::read(line.to_string().as_bytes(), now).map_err(|errors| {
            let words = errors
                .iter()
                .map(|error| format!("{}: {}", error.pointer, error.detail));
            words.collect::<Vec<_>>().join("; ")
        })
    }

    fn phone() -> Value {
        serde_json::json!({
            "id": ID, "customer": format!("guest:{ID}"), "app": "shop", "platform": "apns",
            "channel": { "token": "0a".repeat(32) }, "tags": ["a"],
        })
    }

    #[test]
    fn what_is_written_is_read() {
        let Entry::Put(installation) = read(&phone()).unwrap() else {
            panic!("a device")
        };
        assert_eq!(
            (installation.app.as_str(), &installation.tags[..]),
            ("shop", &["a".to_owned()][..])
        );
        let line = serde_json::to_value(Line::from(&*installation)).unwrap();
        let Entry::Put(again) = read(&line).unwrap() else {
            panic!("a device")
        };
        assert_eq!(again, installation);
        let removal = serde_json::json!({ "id": ID, "delete": true });
        assert!(matches!(read(&removal), Ok(Entry::Remove(id)) if id.to_string() == ID));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (field, value, error) in [
            ("id", Value::Null, "/id: "),
            ("id", "x".into(), "/id: "),
            (
                "customer",
                "ada".into(),
                "/customer: must be `account:<id>` or `guest:<id>`",
            ),
            ("app", "a b".into(), "/app: must be"),
            (
                "tags",
                serde_json::json!(["a", "app:x"]),
                "/tags/1: must not begin",
            ),
            (
                "channel",
                serde_json::json!({ "token": 5 }),
                "/channel/token: invalid type",
            ),
            ("delete", false.into(), "/delete: must be true"),
            ("delete", true.into(), "/app: has no place beside delete"),
            ("surprise", true.into(), "/surprise: unknown field"),
        ] {
            let mut line = phone();
            line[field] = value;
            let found = read(&line).unwrap_err();
            assert!(found.starts_with(error), "{found}");
        }
        let mut nobodys = phone();
        nobodys.as_object_mut().unwrap().remove("customer");
        assert_eq!(read(&nobodys).unwrap_err(), "/customer: must be there");
        assert!(read(&Value::Null).unwrap_err().starts_with(": invalid type"));
    }
}
