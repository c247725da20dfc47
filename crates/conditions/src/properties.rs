//! Names of properties, and what an event must give for them.

use std::fmt;

use serde_json::{Map, Value as Json};

use crate::value::Value;

/// What conditions are asked of: an event's properties.
pub trait Properties {
    /// The value of `property`: `None` if the event has none, `Value::Null` if it has one that is null.
    ///
    /// Must give the same answer each time during one evaluation.
    fn value(&self, property: &Property) -> Option<Value<'_>>;
}

impl<P: Properties + ?Sized> Properties for &P {
    fn value(&self, property: &Property) -> Option<Value<'_>> {
        (**self).value(property)
    }
}

/// The members of an object, and by dotted names those of the objects within. What is no object has no properties.
impl Properties for Json {
    fn value(&self, property: &Property) -> Option<Value<'_>> {
        let mut found = self;
        for segment in property.segments() {
            found = member(found.as_object()?, segment)?;
        }
        Some(Value::from(found))
    }
}

/// As for the object as a whole.
impl Properties for Map<String, Json> {
    fn value(&self, property: &Property) -> Option<Value<'_>> {
        let (first, rest) = property.segments().split_first()?;
        let mut found = member(self, first)?;
        for segment in rest {
            found = member(found.as_object()?, segment)?;
        }
        Some(Value::from(found))
    }
}

/// The member as written; else, for a name without quotes, the first that differs only in the case of ASCII letters.
fn member<'a>(object: &'a Map<String, Json>, segment: &Segment) -> Option<&'a Json> {
    object.get(segment.name()).or_else(|| {
        if segment.quoted {
            return None;
        }
        object
            .iter()
            .find(|(name, _)| segment.is(name))
            .map(|(_, value)| value)
    })
}

/// The name of a property: one segment or more, written `data.total.minor`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Property(Vec<Segment>);

/// One name of a property's path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment {
    name: String,
    quoted: bool,
}

impl Property {
    /// `None` without segments.
    pub(crate) fn new(segments: Vec<Segment>) -> Option<Self> {
        (!segments.is_empty()).then_some(Self(segments))
    }

    /// Its names from the outermost in; never empty.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }
}

impl Segment {
    /// A name without quotes is kept in lower-case ASCII.
    pub(crate) fn new(name: &str, quoted: bool) -> Self {
        Self {
            name: if quoted {
                name.to_owned()
            } else {
                name.to_ascii_lowercase()
            },
            quoted,
        }
    }

    /// The name: as written if it was quoted, else with its ASCII letters in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it means the property `name`: exactly if it was quoted, else in any case of ASCII letters.
    pub fn is(&self, name: &str) -> bool {
        if self.quoted {
            self.name == name
        } else {
            self.name.eq_ignore_ascii_case(name)
        }
    }
}

/// As a condition writes it.
impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            if segment.quoted {
                write!(f, "\"{}\"", segment.name.replace('"', "\"\""))?;
            } else {
                f.write_str(&segment.name)?;
            }
        }
        Ok(())
    }
}
