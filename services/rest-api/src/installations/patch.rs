//! A change of a device as a JSON patch (RFC 6902): what it may change, and what comes of it.

use domain::{FieldError, Invalid};
use jiff::Timestamp;
use json_patch::jsonptr::PointerBuf;
use json_patch::{
    AddOperation, CopyOperation, MoveOperation, PatchErrorKind, PatchOperation, RemoveOperation,
    ReplaceOperation, TestOperation,
};
use registration::Draft;
use registration::json::{self, Unreadable};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use storage::Installation;
use utoipa::ToSchema;

use super::View;
use crate::body::{MAX_BYTES, Typed};
use crate::problem::{Kind, Problem};

/// The most operations of a patch.
const MAX_OPERATIONS: usize = 100;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = PatchOperationName)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Name {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
}

/// One operation. What it does not take is refused, as everywhere, and not ignored.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PatchOperation)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    op: Name,
    /// Where, by JSON pointer (RFC 6901). Changed are `/channel`, `/environment`, `/locale`, `/tags`, `/expires_at` and what is in them; tested is anything.
    #[schema(value_type = String, pattern = "^(/([^/~]|~[01])*)*$", examples("/tags/-"))]
    path: PointerBuf,
    /// From where, to `move` and to `copy`.
    #[schema(value_type = Option<String>, pattern = "^(/([^/~]|~[01])*)*$")]
    from: Option<PointerBuf>,
    /// What to `add`, `replace` and `test`.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<Value>)]
    value: Option<Value>,
}

/// That null was sent is not that nothing was.
fn sent<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(reader).map(Some)
}

impl Typed for Operation {
    const TYPE: &str = "application/json-patch+json";
}

/// A patch whose operations are complete and change only what they may.
#[derive(Debug)]
pub(super) struct Patch(Vec<PatchOperation>);

impl Patch {
    /// # Errors
    /// Everything that is wrong, by JSON pointer into the patch.
    pub(super) fn of(operations: Vec<Operation>) -> Result<Self, Vec<FieldError>> {
        if operations.len() > MAX_OPERATIONS {
            let detail = format!("must have at most {MAX_OPERATIONS} operations");
            return Err(vec![error(String::new(), detail)]);
        }
        let (mut read, mut errors) = (Vec::with_capacity(operations.len()), Vec::new());
        for (index, operation) in operations.into_iter().enumerate() {
            match operation.read() {
                Ok(operation) => read.push(operation),
                Err((member, Invalid(detail))) => errors.push(error(format!("/{index}/{member}"), detail)),
            }
        }
        if errors.is_empty() {
            Ok(Self(read))
        } else {
            Err(errors)
        }
    }

    /// The device after it, all of it or a problem.
    ///
    /// # Errors
    /// 412 where a test does not hold; 422 with pointers into the patch where an operation can't be done, and into the device where what comes of all is
    /// none.
    pub(super) fn apply(&self, installation: &Installation, now: Timestamp) -> Result<Installation, Problem> {
        let before = document(installation);
        let mut after = before.clone();
        for (index, operation) in self.0.iter().enumerate() {
            // The name warns of what is left by a failure: nothing of it is used.
            json_patch::patch_unsafe(&mut after, std::slice::from_ref(operation))
                .map_err(|error| failed(index, &error.kind))?;
            // What is copied into itself grows without end.
            if matches!(operation, PatchOperation::Copy(_)) && after.to_string().len() > MAX_BYTES {
                return Err(Problem::invalid_field(
                    &format!("/{index}"),
                    "makes the device too large",
                ));
            }
        }
        // A new channel is good for as long as it says itself.
        if after["channel"] != before["channel"] && after["expires_at"] == before["expires_at"] {
            after["expires_at"] = Value::Null;
        }
        let draft: Draft = json::fields(said(after)).map_err(|error| {
            Problem::invalid(vec![match error {
                Unreadable::Field(error) => error,
                Unreadable::Json(pointer, error) => self::error(pointer, error.to_string()),
            }])
        })?;
        let changed = draft.parse(installation.id, installation.customer, now);
        changed.map_err(Problem::invalid)
    }
}

/// The device as it is read, which is what a patch is about.
fn document(installation: &Installation) -> Value {
    // A value of ours always serialises.
    serde_json::to_value(View::from(installation.clone())).unwrap_or_default()
}

/// What of a document a device says of itself.
fn said(mut document: Value) -> Value {
    if let Value::Object(fields) = &mut document {
        fields.remove("id");
        fields.remove("updated_at");
    }
    document
}

impl Operation {
    /// # Errors
    /// The member that is wrong, and why.
    fn read(self) -> Result<PatchOperation, (&'static str, Invalid)> {
        let Self {
            op,
            path,
            from,
            value,
        } = self;
        let takes = |wanted: bool, sent: bool, member: &'static str| match (wanted, sent) {
            (true, false) => Err((member, Invalid::new("must be there"))),
            (false, true) => Err((member, Invalid::new("is not what this operation takes"))),
            _ => Ok(()),
        };
        takes(matches!(op, Name::Move | Name::Copy), from.is_some(), "from")?;
        takes(
            matches!(op, Name::Add | Name::Replace | Name::Test),
            value.is_some(),
            "value",
        )?;
        let (from, value) = (from.unwrap_or_default(), value.unwrap_or_default());
        let changes = |member: &'static str, path: &PointerBuf| {
            let words = "must be /channel, /environment, /locale, /tags, /expires_at or in one of them";
            let may = may_change(path.as_str());
            may.then_some(()).ok_or_else(|| (member, Invalid::new(words)))
        };
        if op != Name::Test {
            changes("path", &path)?;
        }
        if op == Name::Move {
            changes("from", &from)?;
        }
        Ok(match op {
            Name::Add => PatchOperation::Add(AddOperation { path, value }),
            Name::Remove => PatchOperation::Remove(RemoveOperation { path }),
            Name::Replace => PatchOperation::Replace(ReplaceOperation { path, value }),
            Name::Move => PatchOperation::Move(MoveOperation { from, path }),
            Name::Copy => PatchOperation::Copy(CopyOperation { from, path }),
            Name::Test => PatchOperation::Test(TestOperation { path, value }),
        })
    }
}

fn may_change(path: &str) -> bool {
    let parts: Vec<_> = path.split('/').skip(1).collect();
    matches!(
        parts[..],
        ["channel" | "environment" | "locale" | "tags" | "expires_at"] | ["channel" | "tags", _]
    )
}

/// What becomes of a patch whose operation can't be done.
fn failed(index: usize, kind: &PatchErrorKind) -> Problem {
    match kind {
        PatchErrorKind::TestFailed => Problem::new(Kind::PreconditionFailed).field(
            &format!("/{index}/value"),
            "is not what is there: the test does not hold",
        ),
        PatchErrorKind::InvalidFromPointer => {
            Problem::invalid_field(&format!("/{index}/from"), "leads nowhere")
        }
        PatchErrorKind::CannotMoveInsideItself => {
            Problem::invalid_field(&format!("/{index}/path"), "lies within what is moved")
        }
        _ => Problem::invalid_field(&format!("/{index}/path"), "leads nowhere"),
    }
}

fn error(pointer: String, detail: String) -> FieldError {
    FieldError { pointer, detail }
}
