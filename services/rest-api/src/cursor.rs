//! Positions in lists: the `next` of a page, sent back as `cursor`.

use identity::Cursors;

use crate::problem::Problem;

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
            "must be a `next` of an earlier page",
        )),
    }
}
