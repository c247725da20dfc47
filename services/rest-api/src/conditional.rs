//! `If-None-Match` and `If-Match` (RFC 9110, section 13.1).

use actix_web::HttpRequest;
use actix_web::http::header::{EntityTag, Header as _, IF_MATCH, IfMatch, IfNoneMatch};

use crate::problem::{Kind, Problem};

/// What the client says it has: `If-None-Match`. A header that can't be read is none.
#[derive(Debug)]
pub(crate) struct Known(Option<IfNoneMatch>);

impl Known {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let sent = request
            .headers()
            .contains_key(actix_web::http::header::IF_NONE_MATCH);
        Self(sent.then(|| IfNoneMatch::parse(request).ok()).flatten())
    }

    /// Whether it has what has this tag, so that it need not be sent again.
    pub(crate) fn has(&self, tag: &EntityTag) -> bool {
        match &self.0 {
            None => false,
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        }
    }

    /// The tags themselves, without quotes.
    pub(crate) fn tags(&self) -> impl Iterator<Item = &str> {
        let tags = match &self.0 {
            Some(IfNoneMatch::Items(tags)) => tags.as_slice(),
            _ => &[],
        };
        tags.iter().map(EntityTag::tag)
    }
}

/// What the client says that it changes: `If-Match` (RFC 9110, section 13.1.1). None is whatever is there, `*`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<V>(pub(crate) Option<V>);

impl<V> Expected<V> {
    /// Reads a tag that stands for a version, as `read` does. More tags than one are those of more than one version, which nothing here has.
    ///
    /// # Errors
    /// 428 without the header: who changes something has seen it, or says that it does not matter. 412 for a tag that is none of ours.
    pub(crate) fn of(request: &HttpRequest, read: impl FnOnce(&str) -> Option<V>) -> Result<Self, Problem> {
        if !request.headers().contains_key(IF_MATCH) {
            return Err(Problem::new(Kind::PreconditionRequired));
        }
        let other = || Problem::new(Kind::PreconditionFailed);
        match IfMatch::parse(request).map_err(|_| other())? {
            IfMatch::Any => Ok(Self(None)),
            IfMatch::Items(tags) => match tags.as_slice() {
                [tag] if !tag.weak => read(tag.tag()).map(|seen| Self(Some(seen))).ok_or_else(other),
                _ => Err(other()),
            },
        }
    }
}
