//! Reading JSON so that the field is named that is wrong.

use domain::FieldError;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// Why a value could not be read.
#[derive(Debug)]
pub enum Unreadable {
    /// It is no JSON, at the field that the pointer names.
    Json(String, serde_json::Error),
    /// A field of it is not what it should be.
    Field(FieldError),
}

/// Reads a value; where it can't be read, says which field is wrong.
///
/// # Errors
/// [`Unreadable`].
pub fn fields<'de, T, R>(reader: R) -> Result<T, Unreadable>
where
    T: DeserializeOwned,
    R: serde::Deserializer<'de, Error = serde_json::Error>,
{
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let pointer = pointer(error.path());
        let cause = error.into_inner();
        if !cause.is_data() {
            return Unreadable::Json(pointer, cause);
        }
        Unreadable::Field(FieldError {
            pointer,
            detail: without_position(&cause),
        })
    })
}

/// RFC 6901.
fn pointer(path: &Path) -> String {
    let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escape(key)),
            Segment::Enum { variant } => format!("/{}", escape(variant)),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// The message without the position that serde_json puts after it: the pointer says where.
fn without_position(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words.split(" at line ").next().unwrap_or(&words).to_owned()
}
