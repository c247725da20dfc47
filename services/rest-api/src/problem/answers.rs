//! Answers that are problems by themselves, and what explains each kind.

use actix_web::dev::ServiceResponse;
use actix_web::http::header;
use actix_web::middleware::ErrorHandlerResponse;
use actix_web::{HttpRequest, HttpResponse, web};

use super::kind::named;
use super::{Kind, Problem};

/// `GET /problems/{name}`: what a problem means and what to do about it.
#[utoipa::path(
    get,
    path = "/problems/{name}",
    operation_id = "explainProblem",
    tag = "problems",
    summary = "Read what a problem means",
    description = "In words, with what to do about it.",
    params(("name" = String, Path, description = "The last part of a problem's `type`.")),
    responses((status = 200, description = "What the problem means and what to do.", body = String, content_type = "text/plain"))
)]
pub(crate) async fn explain(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let entry = named(&name).ok_or_else(|| Problem::new(Kind::NotFound))?;
    let words = format!(
        "{} ({})\n\n{}\n",
        entry.title,
        entry.status.as_u16(),
        entry.remedy
    );
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(words))
}

/// What answers an address that nothing stands at.
pub(crate) async fn not_found() -> Answer {
    Answer(Problem::new(Kind::NotFound))
}

/// What answers a method that an address does not have; `allowed` are those it has.
pub(crate) fn method_not_allowed(allowed: &'static str) -> actix_web::Route {
    web::route().to(move |_: HttpRequest| async move {
        Answer(Problem::new(Kind::MethodNotAllowed).header(header::ALLOW, allowed))
    })
}

/// In place of the plain text that the compression answers when the client takes none of its codings.
pub(crate) fn not_acceptable<B>(response: ServiceResponse<B>) -> actix_web::Result<ErrorHandlerResponse<B>> {
    let answer = Problem::new(Kind::NotAcceptable).respond();
    let response = response.into_response(answer).map_into_right_body();
    Ok(ErrorHandlerResponse::Response(response))
}

/// A problem as an answer of a handler that has no other.
pub(crate) struct Answer(Problem);

impl actix_web::Responder for Answer {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0.respond()
    }
}
