//! The inbox: as JSON for tools, as HTML for the page.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Form, Path, Query, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::{Site, page, problem};
use crate::mail::{Mail, MailFault, MailFaultKind, MailFilter, MailRefusal};

/// How many mails the page shows.
const SHOWN: usize = 12;
/// A mail brings its own styles and may load nothing; a link opens a page of its own.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
                           form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

pub(super) fn routes() -> axum::Router<Arc<Site>> {
    axum::Router::new()
        .route("/inbox", get(list).delete(clear))
        .route("/inbox/shown", get(shown))
        .route("/inbox/refusals", get(refusals))
        .route(
            "/inbox/fault",
            axum::routing::put(set_fault).delete(mend).post(fault_form),
        )
        .route("/inbox/{sequence}/html", get(html))
}

#[derive(Template)]
#[template(path = "inbox.html")]
pub(super) struct Inbox {
    mails: Vec<Shown>,
}

struct Shown {
    at: String,
    time: String,
    links: Vec<String>,
    mail: Mail,
}

impl Site {
    pub(super) fn inbox(&self) -> Inbox {
        let mails = self.state.inbox.mails(&MailFilter::default());
        Inbox {
            mails: mails.into_iter().rev().take(SHOWN).map(Shown::from).collect(),
        }
    }
}

impl From<Mail> for Shown {
    fn from(mail: Mail) -> Self {
        Self {
            at: format!("{:.0}", mail.at),
            time: mail.at.strftime("%H:%M").to_string(),
            links: mail.links().into_iter().map(str::to_owned).collect(),
            mail,
        }
    }
}

async fn list(
    Shared(site): Shared<Arc<Site>>,
    filter: Result<Query<MailFilter>, QueryRejection>,
) -> Result<Json<Vec<Mail>>, Response> {
    match filter {
        Ok(Query(filter)) => Ok(Json(site.state.inbox.mails(&filter))),
        Err(error) => Err(problem(StatusCode::BAD_REQUEST, &error.body_text())),
    }
}

async fn clear(Shared(site): Shared<Arc<Site>>) -> StatusCode {
    site.state.inbox.clear();
    site.state.tell_of_mail();
    StatusCode::NO_CONTENT
}

async fn refusals(Shared(site): Shared<Arc<Site>>) -> Json<Vec<MailRefusal>> {
    Json(site.state.inbox.refusals())
}

/// The inbox's part of the page, for the script.
async fn shown(Shared(site): Shared<Arc<Site>>) -> Response {
    page::html(&site.inbox())
}

/// A mail as its reader shows it, for the page's frame.
async fn html(Shared(site): Shared<Arc<Site>>, Path(sequence): Path<u64>) -> Response {
    let mail = site.state.inbox.mail(sequence);
    match mail.and_then(|mail| mail.html) {
        Some(html) => (
            [(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)],
            Html(format!("<base target=\"_blank\">{html}")),
        )
            .into_response(),
        None => problem(StatusCode::NOT_FOUND, "There is no such mail with HTML."),
    }
}

async fn set_fault(Shared(site): Shared<Arc<Site>>, body: Bytes) -> Response {
    match serde_json::from_slice::<MailFault>(&body) {
        Ok(fault) => {
            site.state.inbox.set_fault(Some(fault.clone()));
            Json(fault).into_response()
        }
        Err(error) => problem(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

async fn mend(Shared(site): Shared<Arc<Site>>) -> StatusCode {
    site.state.inbox.set_fault(None);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct FaultForm {
    kind: String,
}

/// The page's form: a kind, or `none`.
async fn fault_form(Shared(site): Shared<Arc<Site>>, Form(form): Form<FaultForm>) -> Response {
    let fault = match serde_json::from_value::<MailFaultKind>(form.kind.clone().into()) {
        Ok(kind) => Some(MailFault::new(kind)),
        Err(_) if form.kind == "none" => None,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    site.state.inbox.set_fault(fault);
    Redirect::to("/#inbox").into_response()
}
