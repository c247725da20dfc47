//! `If-None-Match` (RFC 9110, section 13.1.2).

use actix_web::HttpRequest;
use actix_web::http::header::{EntityTag, Header as _, IfNoneMatch};

/// What the client says it has. A header that can't be read is none.
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
