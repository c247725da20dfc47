//! Positions in lists: the `next` of a page, sent back as `cursor`.

use domain::Fingerprint;
use identity::Cursors;
use serde::Serialize;

use crate::problem::Problem;

/// What the cursors of a list are sealed for, so that one leads nowhere but through what it was given for: the list `name` by `filter`.
/// How long the pages are is no part of it.
pub(crate) fn list(name: &str, filter: &impl Serialize) -> String {
    format!("{name} {}", Fingerprint::of(filter))
}

/// The position in `list` that a client sent back, as `parse` reads it.
pub(crate) fn read<T>(
    cursors: &Cursors,
    list: &str,
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let position = cursors.read(list, text).ok();
    match position.as_deref().and_then(parse) {
        Some(position) => Ok(Some(position)),
        None => Err(Problem::invalid_field(
            "/cursor",
            "must be a `next` of an earlier page by the same filters",
        )),
    }
}
