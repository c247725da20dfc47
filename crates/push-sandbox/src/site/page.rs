//! The page: pretend devices and what stands on their screens.

use std::collections::HashSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;

use super::inbox::Inbox;
use super::{Registration, Site, problem};
use crate::delivery::{Delivery, Filter, Refusal};
use crate::device::{Device, Platform};
use crate::mail::MailRefusal;

/// How many notifications fit on a screen, and how many refusals on the page.
const ON_SCREEN: usize = 6;
const SHOWN_REFUSALS: usize = 10;
/// On a screen without notifications.
const EMPTY_CLOCK: &str = "9:41";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    screens: Vec<Screen>,
    refused: Refused,
    inbox: Inbox,
    api_url: String,
    push_url: String,
    smtp_url: String,
    ca_pem_path: String,
}

#[derive(Template)]
#[template(path = "screen.html")]
struct Screen {
    device: Device,
    kind: &'static str,
    curl: String,
    /// What the screen's clock says: when the newest notification came.
    clock: String,
    notes: Vec<Note>,
    fault: String,
}

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused {
    refusals: Vec<Row>,
}

/// A refusal of a push, or of mail.
struct Row {
    at: Timestamp,
    service: &'static str,
    answer: String,
    why: String,
}

struct Note {
    title: String,
    body: String,
    at: String,
    time: String,
    payload: String,
}

pub(super) async fn page(Shared(site): Shared<Arc<Site>>) -> Response {
    let page = Page {
        screens: site
            .state
            .devices()
            .into_iter()
            .rev()
            .take(60)
            .map(|device| site.screen(device))
            .collect(),
        refused: site.refused(),
        inbox: site.inbox(),
        api_url: site.api_url.clone(),
        push_url: site.credentials.push_url.clone(),
        smtp_url: site.credentials.smtp.url.clone(),
        ca_pem_path: site.credentials.ca_pem_path.display().to_string(),
    };
    html(&page)
}

/// One device's part of the page, for the script.
pub(super) async fn screen(Shared(site): Shared<Arc<Site>>, Path(id): Path<String>) -> Response {
    match site.state.device(&id) {
        Some(device) => html(&site.screen(device)),
        None => problem(StatusCode::NOT_FOUND, "There is no such pretend device."),
    }
}

/// The refusals' part of the page, for the script.
pub(super) async fn refused(Shared(site): Shared<Arc<Site>>) -> Response {
    html(&site.refused())
}

impl Site {
    fn screen(&self, device: Device) -> Screen {
        let filter = Filter {
            device: Some(device.id.clone()),
            ..Filter::default()
        };
        let fault = device
            .fault
            .as_ref()
            .and_then(|fault| serde_json::to_value(fault.kind).ok());
        let notes = on_screen(self.state.deliveries(&filter));
        Screen {
            clock: notes
                .first()
                .map_or_else(|| EMPTY_CLOCK.to_owned(), |note| note.time.clone()),
            kind: match device.platform {
                Platform::Apns => "iOS",
                Platform::Fcm => "Android",
                Platform::Wns => "Windows",
                Platform::WebPush => "browser",
            },
            curl: Registration::of(&device, &self.api_url).curl(),
            notes,
            fault: fault
                .and_then(|kind| kind.as_str().map(str::to_owned))
                .unwrap_or_else(|| "none".to_owned()),
            device,
        }
    }

    fn refused(&self) -> Refused {
        let pushes = self.state.refusals().into_iter().map(Row::from);
        let mails = self.state.inbox.refusals().into_iter().map(Row::from);
        let mut refusals: Vec<_> = pushes.chain(mails).collect();
        refusals.sort_by_key(|refusal| std::cmp::Reverse(refusal.at));
        refusals.truncate(SHOWN_REFUSALS);
        Refused { refusals }
    }
}

impl From<Refusal> for Row {
    fn from(refusal: Refusal) -> Self {
        Self {
            at: refusal.at,
            service: refusal.platform.as_str(),
            answer: format!("{} {}", refusal.status, refusal.reason),
            why: refusal.explanation,
        }
    }
}

impl From<MailRefusal> for Row {
    fn from(refusal: MailRefusal) -> Self {
        Self {
            at: refusal.at,
            service: "mail",
            answer: refusal.code.to_string(),
            why: refusal.why,
        }
    }
}

/// The newest first; of those with the same collapse key only the newest, as a phone shows it.
fn on_screen(deliveries: Vec<Delivery>) -> Vec<Note> {
    let mut shown = HashSet::new();
    let visible = deliveries
        .into_iter()
        .rev()
        .filter(|delivery| match &delivery.collapse_key {
            Some(key) => shown.insert(key.clone()),
            None => true,
        });
    visible.take(ON_SCREEN).map(Note::from).collect()
}

impl From<Delivery> for Note {
    fn from(delivery: Delivery) -> Self {
        let payload = match &delivery.payload {
            serde_json::Value::String(xml) => xml.clone(),
            json => format!("{json:#}"),
        };
        Self {
            title: delivery.title,
            body: delivery.body,
            at: format!("{:.0}", delivery.at),
            time: delivery.at.strftime("%H:%M").to_string(),
            payload,
        }
    }
}

pub(super) fn html(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(text)).into_response(),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
