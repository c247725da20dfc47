//! Why a page was not given, said to a shopper.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use askama::Template;

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No such page, or not for this visitor: the two are not told apart.
    NotFound,
    /// It can't be read as one of our forms or links.
    Malformed,
    /// It is not a form at all.
    NotAForm,
    /// Its body is larger than any of our forms.
    TooLarge,
    /// Its body did not arrive in time.
    TooSlow,
    /// Another site sent it.
    OtherSite,
    /// The form was made for somebody else, or is very old.
    OldForm,
    /// The stores gave no answer.
    Unavailable,
}

/// How long a browser should wait before it tries again, in seconds.
pub(crate) const RETRY_AFTER_SECONDS: &str = "5";

#[derive(Template)]
#[template(path = "error.html")]
pub(super) struct ErrorPage {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
}

impl Refusal {
    /// Logs the cause, which the shopper does not see.
    pub(crate) fn unavailable(error: impl fmt::Display) -> Self {
        tracing::warn!(%error, "a page can't be given");
        Self::Unavailable
    }

    pub(super) fn page(self) -> ErrorPage {
        let (title, text) = match self {
            Self::NotFound => (
                "We can't find that page",
                "The link may be incomplete, or it belongs to somebody else. Open it from the place where you got it.",
            ),
            Self::Malformed | Self::NotAForm => (
                "We could not read that",
                "Something was missing or damaged on the way. Please go back, reload the page and try again.",
            ),
            Self::TooLarge => ("That was too much", "Please shorten your text and send it again."),
            Self::TooSlow => (
                "That took too long",
                "Your connection was too slow, and we stopped waiting. Please try again.",
            ),
            Self::OtherSite => (
                "That did not come from our shop",
                "We only take forms from our own pages. Open our shop and try again from there.",
            ),
            Self::OldForm => (
                "Please try that again",
                "The page was open for a long time, or your browser refuses cookies. Go back, reload it and try again.",
            ),
            Self::Unavailable => (
                "Please come back in a moment",
                "We can't show you this right now. Your orders are safe. Try again in a few seconds.",
            ),
        };
        ErrorPage { title, text }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.page().title)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NotAForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::OtherSite | Self::OldForm => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponseBuilder::new(self.status_code());
        match self {
            Self::Unavailable => {
                answer.insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS));
            }
            // What is left of the body is not worth waiting for.
            Self::TooLarge | Self::TooSlow | Self::NotAForm => {
                answer.force_close();
            }
            _ => {}
        }
        super::respond(&mut answer, &self.page())
    }
}

/// For an address that is none of ours.
pub(crate) async fn not_found() -> Result<HttpResponse, Refusal> {
    Err(Refusal::NotFound)
}

/// For a method that the address does not take.
pub(crate) async fn method_not_allowed(allowed: &'static str) -> HttpResponse {
    let page = ErrorPage {
        title: "That does not work here",
        text: "Please go back to the shop and try again from there.",
    };
    super::respond(
        HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, allowed)),
        &page,
    )
}
