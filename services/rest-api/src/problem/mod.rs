//! Problems after RFC 9457: one kind per way a request can go wrong, each with a stable `type`.

mod answers;
mod entries;
mod kind;
mod limit;

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use domain::FieldError;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

pub(crate) use answers::{explain, method_not_allowed, not_acceptable, not_found};
pub(crate) use entries::ENTRIES;
pub(crate) use kind::{Entry, Kind};

/// What the contract says of it.
#[derive(OpenApi)]
#[openapi(paths(answers::explain), components(schemas(Body)))]
pub(crate) struct Operations;

/// A problem on its way to the client.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    kind: Kind,
    detail: Option<String>,
    errors: Vec<FieldError>,
    header: Option<(header::HeaderName, String)>,
}

/// What went wrong (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
struct Body<'a> {
    /// Stable, and an address of this API that says what to do.
    #[schema(examples("/problems/invalid-input"))]
    r#type: String,
    title: &'a str,
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// About this very request.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    /// Each field that is wrong: in a body by JSON pointer (RFC 6901), after the `?` or in a header as `/name`.
    errors: &'a [FieldError],
    /// The request's X-Request-Id, by which the logs know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Problem {
    pub(crate) fn new(kind: Kind) -> Self {
        let header = match kind {
            Kind::Unauthorized | Kind::InvalidCredentials | Kind::InvalidRefreshToken => {
                Some((header::WWW_AUTHENTICATE, "Bearer realm=\"waybill\"".to_owned()))
            }
            Kind::QueueFull | Kind::Unavailable => Some((header::RETRY_AFTER, "2".to_owned())),
            _ => None,
        };
        Self {
            kind,
            detail: None,
            errors: Vec::new(),
            header,
        }
    }

    /// With words about this very request; never the cause of a failure of ours.
    pub(crate) fn detail(mut self, words: impl Into<String>) -> Self {
        self.detail = Some(words.into());
        self
    }

    /// Something of ours is out of reach: the cause is logged here, once, and not sent.
    pub(crate) fn unavailable(cause: &dyn fmt::Display) -> Self {
        tracing::warn!(%cause, "answered 503");
        Self::new(Kind::Unavailable)
    }

    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        Self {
            errors,
            ..Self::new(Kind::InvalidInput)
        }
    }

    /// With one field that is wrong.
    pub(crate) fn field(mut self, pointer: &str, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError {
            pointer: pointer.to_owned(),
            detail: detail.into(),
        });
        self
    }

    /// In place of the kind's own header, if any.
    pub(crate) fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.header = Some((name, value.into()));
        self
    }

    pub(crate) fn invalid_field(pointer: &str, detail: impl Into<String>) -> Self {
        Self::new(Kind::InvalidInput).field(pointer, detail)
    }

    fn respond(&self) -> HttpResponse {
        let entry = self.kind.entry();
        let mut response = HttpResponseBuilder::new(entry.status);
        response
            .content_type("application/problem+json")
            .insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some((name, value)) = &self.header {
            response.insert_header((name.clone(), value.as_str()));
        }
        if matches!(self.kind, Kind::BodyTooLarge | Kind::BodyTooSlow) {
            // What is left of the body is not worth reading.
            response.force_close();
        }
        response.json(Body {
            r#type: format!("/problems/{}", entry.name),
            title: entry.title,
            status: entry.status.as_u16(),
            detail: self.detail.as_deref().or_else(|| self.kind.limit()),
            errors: &self.errors,
            request_id: crate::observe::request_id(),
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.entry().name)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.entry().status
    }

    fn error_response(&self) -> HttpResponse {
        self.respond()
    }
}
