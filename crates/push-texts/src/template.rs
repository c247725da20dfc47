//! Templates: texts with places for what an event says of itself.
//!
//! `$(path)` stands for a property, `$(path, n)` for at most its first n characters, and `{'text' + $(path)}` joins pieces, so that a text can hold what
//! would otherwise be read: `{'$('}`. A path goes into objects by dots. What an event does not say is left out.

mod parse;

use serde_json::{Map, Value};

pub use parse::TemplateError;

/// A text with places for properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Property {
        path: Vec<String>,
        /// The most characters of it.
        most: Option<usize>,
    },
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Where it can't be read: the place and what was expected there.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        parse::parse(text).map(|parts| Self { parts })
    }

    /// The text, with what `properties` say.
    pub fn render(&self, properties: &Map<String, Value>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Property { path, most } => {
                    let value = found(properties, path).unwrap_or_default();
                    text.extend(value.chars().take(most.unwrap_or(usize::MAX)));
                }
            }
        }
        text
    }

    /// The properties it asks for, each as it is written.
    pub fn properties(&self) -> impl Iterator<Item = String> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Property { path, .. } => Some(path.join(".")),
        })
    }
}

fn found(properties: &Map<String, Value>, path: &[String]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let mut value = properties.get(first)?;
    for name in rest {
        value = value.get(name)?;
    }
    crate::shown(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn rendered(template: &str) -> String {
        let Value::Object(properties) = json!({
            "name": "Grüner Tee", "price": {"minor": 450, "shown": "4,50 €"}, "stock": 3, "none": null, "list": [1],
        }) else {
            unreachable!("an object")
        };
        Template::parse(template).unwrap().render(&properties)
    }

    #[test]
    fn properties_stand_where_their_places_are() {
        for (template, text) in [
            ("", ""),
            ("Plain text, 100 % $ } ' ok", "Plain text, 100 % $ } ' ok"),
            ("$(name) is back", "Grüner Tee is back"),
            ("$( name , 4 )…", "Grün…"),
            ("$(price.shown) ($(price.minor))", "4,50 € (450)"),
            ("{$(name) + ': ' + $(stock)} left", "Grüner Tee: 3 left"),
            ("{'$(name) {it''s} '}$(name, 2)", "$(name) {it's} Gr"),
            ("<$(missing)$(none)$(price.none)$(name.x)>", "<>"),
            ("$(list)", "[1]"),
        ] {
            assert_eq!(rendered(template), text, "{template}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_where_and_why() {
        for (template, error) in [
            ("Hi $(name", "column 10: expected , or )"),
            ("$()", "column 3: expected the name of a property"),
            ("$(a..b)", "column 5: expected the name of a property"),
            (
                "$(a, x)",
                "column 6: expected a number of characters from 1 to 1000",
            ),
            (
                "$(a, 0)",
                "column 6: expected a number of characters from 1 to 1000",
            ),
            ("é{", "column 3: expected $( or a text in quotes"),
            ("{'a' 'b'}", "column 6: expected + or }"),
            ("{'a", "column 4: expected ' at the end of the text"),
            ("{$(a) + }", "column 9: expected $( or a text in quotes"),
        ] {
            assert_eq!(
                Template::parse(template).unwrap_err().to_string(),
                error,
                "{template}"
            );
        }
    }

    #[test]
    fn the_properties_asked_for_are_known() {
        let template = Template::parse("$(a) {'x' + $(b.c, 3)}").unwrap();
        assert_eq!(template.properties().collect::<Vec<_>>(), ["a", "b.c"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_within_itself(text in "\\PC{0,60}") {
            if let Err(error) = Template::parse(&text) {
                prop_assert!((1..=text.chars().count() + 1).contains(&error.column));
            }
        }

        #[test]
        fn a_text_in_quotes_is_shown_as_it_is(text in "\\PC{0,40}") {
            let template = format!("{{'{}'}}", text.replace('\'', "''"));
            prop_assert_eq!(Template::parse(&template).unwrap().render(&Map::new()), text);
        }
    }
}
