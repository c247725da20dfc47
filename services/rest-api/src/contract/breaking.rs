//! What of a contract an app that was written by an older one can't live with.

use std::collections::BTreeSet;

use serde_json::Value;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// Deeper than any schema is; those that hold themselves end here.
const DEEPEST: usize = 20;

/// Who writes what is described.
#[derive(Clone, Copy, PartialEq)]
enum By {
    App,
    Api,
}

/// What an app by `old` would stumble over in `new`, each in a line.
pub(super) fn changes(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison {
        old,
        new,
        found: Vec::new(),
    };
    comparison.paths();
    comparison.found
}

struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    found: Vec<String>,
}

impl Comparison<'_> {
    fn say(&mut self, place: &str, words: &str) {
        self.found.push(format!("{place}: {words}"));
    }

    fn paths(&mut self) {
        let (old, new) = (self.old, self.new);
        for (path, item) in fields(&old["paths"]) {
            for method in METHODS {
                let (before, after) = (&item[method], &new["paths"][path][method]);
                let place = format!("{} {path}", method.to_uppercase());
                if !before.is_null() && after.is_null() {
                    self.say(&place, "is gone");
                } else if !before.is_null() {
                    self.operation(&place, before, after);
                }
            }
        }
    }

    fn operation(&mut self, place: &str, old: &Value, new: &Value) {
        if old["operationId"] != new["operationId"] {
            self.say(place, "has another operationId: clients are named after it");
        }
        if open(old) && !open(new) {
            self.say(place, "needs a token now");
        }
        self.parameters(place, old, new);
        if new["requestBody"]["required"] == true && old["requestBody"]["required"] != true {
            self.say(place, "needs a body now");
        }
        self.contents(place, By::App, &old["requestBody"], &new["requestBody"]);
        for (status, answer) in fields(&old["responses"]) {
            let after = &new["responses"][status];
            let place = format!("{place} {status}");
            if status.starts_with('2') && after.is_null() {
                self.say(&place, "is gone");
            } else if !after.is_null() {
                self.contents(&place, By::Api, answer, after);
            }
        }
    }

    fn parameters(&mut self, place: &str, old: &Value, new: &Value) {
        let find = |all: &Value, one: &Value| {
            let mut all = items(&all["parameters"]).iter();
            let same = all.find(|other| other["in"] == one["in"] && other["name"] == one["name"]);
            same.cloned()
        };
        for before in items(&old["parameters"]) {
            let place = format!("{place} {}", name(before));
            match find(new, before) {
                None => self.say(&place, "is gone"),
                Some(after) => {
                    if after["required"] == true && before["required"] != true {
                        self.say(&place, "is required now");
                    }
                    self.schema(&place, By::App, &before["schema"], &after["schema"], 0);
                }
            }
        }
        for after in items(&new["parameters"]) {
            if after["required"] == true && find(old, after).is_none() {
                self.say(&format!("{place} {}", name(after)), "is new and required");
            }
        }
    }

    fn contents(&mut self, place: &str, by: By, old: &Value, new: &Value) {
        for (kind, content) in fields(&old["content"]) {
            match &new["content"][kind] {
                Value::Null => self.say(place, &format!("{kind} is gone")),
                after => self.schema(place, by, &content["schema"], &after["schema"], 0),
            }
        }
    }

    fn schema(&mut self, place: &str, by: By, old: &Value, new: &Value, depth: usize) {
        let (old, new) = (resolve(self.old, old).clone(), resolve(self.new, new).clone());
        if depth > DEEPEST {
            return;
        }
        for word in ["type", "format", "pattern", "const"] {
            let narrowed = if by == By::App {
                !new[word].is_null()
            } else {
                !old[word].is_null()
            };
            if old[word] != new[word] && narrowed {
                self.say(place, &format!("{word} was {}, is {}", old[word], new[word]));
            }
        }
        for value in items(&old["enum"]) {
            if !new["enum"].is_null() && !items(&new["enum"]).contains(value) {
                self.say(place, &format!("{value} is gone"));
            }
        }
        let (before, after) = (names(&old["required"]), names(&new["required"]));
        if by == By::App {
            for field in after.difference(&before) {
                self.say(&format!("{place}/{field}"), "is required now");
            }
        } else {
            for field in before.difference(&after) {
                self.say(&format!("{place}/{field}"), "may be missing now");
            }
        }
        for (field, before) in fields(&old["properties"]) {
            let place = format!("{place}/{field}");
            match &new["properties"][field] {
                Value::Null => self.say(&place, "is gone"),
                after => self.schema(&place, by, before, after, depth + 1),
            }
        }
        if !old["items"].is_null() {
            self.schema(&format!("{place}/*"), by, &old["items"], &new["items"], depth + 1);
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            let (before, after) = (items(&old[choice]), items(&new[choice]));
            for (index, before) in before.iter().enumerate() {
                match after.get(index) {
                    None => self.say(place, &format!("{choice} {index} is gone")),
                    Some(after) => self.schema(place, by, before, after, depth + 1),
                }
            }
        }
    }
}

fn open(operation: &Value) -> bool {
    items(&operation["security"]).is_empty()
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let address = schema["$ref"]
        .as_str()
        .and_then(|address| address.strip_prefix('#'));
    address
        .and_then(|address| document.pointer(address))
        .unwrap_or(schema)
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn names(value: &Value) -> BTreeSet<String> {
    items(value)
        .iter()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

fn name(parameter: &Value) -> &str {
    parameter["name"].as_str().unwrap_or_default()
}
