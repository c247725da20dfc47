//! Problems after RFC 9457: one kind per way a request can go wrong, each with a stable `type`.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError, web};
use domain::FieldError;
use serde::Serialize;

/// The ways a request can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    MalformedJson,
    InvalidInput,
    IdempotencyKeyMissing,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    Unauthorized,
    NotFound,
    MethodNotAllowed,
    UnsupportedMediaType,
    BodyTooLarge,
    BodyTooSlow,
    QueueFull,
    Unavailable,
}

/// What stands at a problem's address.
struct Entry {
    kind: Kind,
    name: &'static str,
    status: StatusCode,
    title: &'static str,
    remedy: &'static str,
}

const fn entry(
    kind: Kind,
    name: &'static str,
    status: StatusCode,
    title: &'static str,
    remedy: &'static str,
) -> Entry {
    Entry {
        kind,
        name,
        status,
        title,
        remedy,
    }
}

const ENTRIES: [Entry; 13] = [
    entry(
        Kind::MalformedJson,
        "malformed-json",
        StatusCode::BAD_REQUEST,
        "The body is not JSON",
        "Send one JSON object as UTF-8. The detail names line and column.",
    ),
    entry(
        Kind::InvalidInput,
        "invalid-input",
        StatusCode::UNPROCESSABLE_ENTITY,
        "Something in the request is not valid",
        "Each entry of `errors` points at a field and says what is wrong with it. Nothing was done.",
    ),
    entry(
        Kind::IdempotencyKeyMissing,
        "idempotency-key-missing",
        StatusCode::BAD_REQUEST,
        "The request needs an Idempotency-Key",
        "Make a random key (a UUID will do) for each new request, and send the same key again with every retry of it.",
    ),
    entry(
        Kind::IdempotencyKeyInvalid,
        "idempotency-key-invalid",
        StatusCode::BAD_REQUEST,
        "The Idempotency-Key can't be used",
        "A key has 1 to 255 visible ASCII characters and is sent once.",
    ),
    entry(
        Kind::IdempotencyKeyReused,
        "idempotency-key-reused",
        StatusCode::UNPROCESSABLE_ENTITY,
        "The Idempotency-Key was used for another request",
        "A key belongs to one request with one body. Make a new key for a new request.",
    ),
    entry(
        Kind::Unauthorized,
        "unauthorized",
        StatusCode::UNAUTHORIZED,
        "A token is needed",
        "Get a guest token with POST /v1/guest-sessions and send it as `Authorization: Bearer <token>`.",
    ),
    entry(
        Kind::NotFound,
        "not-found",
        StatusCode::NOT_FOUND,
        "There is nothing here for you",
        "Check the address, and that the token is the one the thing belongs to.",
    ),
    entry(
        Kind::MethodNotAllowed,
        "method-not-allowed",
        StatusCode::METHOD_NOT_ALLOWED,
        "This method does not work here",
        "The Allow header names the methods that do.",
    ),
    entry(
        Kind::UnsupportedMediaType,
        "unsupported-media-type",
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The body is of another type than JSON",
        "Send `Content-Type: application/json`.",
    ),
    entry(
        Kind::BodyTooLarge,
        "body-too-large",
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body is too large",
        "A body has at most 65,536 bytes.",
    ),
    entry(
        Kind::BodyTooSlow,
        "body-too-slow",
        StatusCode::REQUEST_TIMEOUT,
        "The body did not arrive in time",
        "A body has to arrive within 10 seconds. Send the request again, with the same Idempotency-Key.",
    ),
    entry(
        Kind::QueueFull,
        "queue-full",
        StatusCode::SERVICE_UNAVAILABLE,
        "Too many orders are waiting",
        "Nothing was stored. Send the request again after Retry-After, with the same Idempotency-Key.",
    ),
    entry(
        Kind::Unavailable,
        "unavailable",
        StatusCode::SERVICE_UNAVAILABLE,
        "This can't be answered right now",
        "Send the request again after Retry-After. A POST with the same Idempotency-Key never takes effect twice.",
    ),
];

impl Kind {
    fn entry(self) -> &'static Entry {
        let matching = ENTRIES.iter().find(|entry| entry.kind == self);
        matching.unwrap_or(&ENTRIES[ENTRIES.len() - 1])
    }
}

/// A problem on its way to the client.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    kind: Kind,
    detail: Option<String>,
    errors: Vec<FieldError>,
    header: Option<(header::HeaderName, String)>,
}

/// Its body.
#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl Problem {
    pub(crate) fn new(kind: Kind) -> Self {
        let header = match kind {
            Kind::Unauthorized => Some((header::WWW_AUTHENTICATE, "Bearer realm=\"waybill\"".to_owned())),
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

    pub(crate) fn invalid_field(pointer: &str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError {
            pointer: pointer.to_owned(),
            detail: detail.into(),
        }])
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
            detail: self.detail.as_deref(),
            errors: &self.errors,
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

/// `GET /problems/{name}`: what a problem means and what to do about it.
pub(crate) async fn explain(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let entry = ENTRIES
        .iter()
        .find(|entry| entry.name == *name)
        .ok_or(Problem::new(Kind::NotFound))?;
    let words = format!(
        "{} ({})\n\n{}\n",
        entry.title,
        entry.status.as_u16(),
        entry.remedy
    );
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(words))
}

/// What answers an address that nothing stands at.
pub(crate) async fn not_found() -> Answer {
    Answer(Problem::new(Kind::NotFound))
}

/// What answers a method that an address does not have; `allowed` are those it has.
pub(crate) fn method_not_allowed(allowed: &'static str) -> actix_web::Route {
    web::route().to(move |_: HttpRequest| async move {
        let mut problem = Problem::new(Kind::MethodNotAllowed);
        problem.header = Some((header::ALLOW, allowed.to_owned()));
        Answer(problem)
    })
}

/// A problem as an answer of a handler that has no other.
pub(crate) struct Answer(Problem);

impl actix_web::Responder for Answer {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0.respond()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_an_entry_of_its_own() {
        for entry in &ENTRIES {
            assert_eq!(entry.kind.entry().name, entry.name);
        }
    }
}
