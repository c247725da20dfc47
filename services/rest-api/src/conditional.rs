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

/// What the client says that it changes: `If-Match` (RFC 9110, section 13.1.1). Without the header, whatever is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected(Option<u64>);

impl Expected {
    /// Reads a tag that is a version. More tags than one are those of more than one version, which nothing here has.
    ///
    /// # Errors
    /// For a tag that is none of ours.
    pub(crate) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        if !request.headers().contains_key(IF_MATCH) {
            return Ok(Self(None));
        }
        let other = || Problem::new(Kind::PreconditionFailed);
        match IfMatch::parse(request).map_err(|_| other())? {
            IfMatch::Any => Ok(Self(None)),
            IfMatch::Items(tags) => match tags.as_slice() {
                [tag] if !tag.weak => tag.tag().parse().map(|tag| Self(Some(tag))).map_err(|_| other()),
                _ => Err(other()),
            },
        }
    }

    /// The version, if one is asked for.
    pub(crate) fn version(self) -> Option<u64> {
        self.0
    }
}
