//! The page: pretend devices and what stands on their screens.

use std::collections::HashSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::{Registration, Site, problem};
use crate::delivery::{Delivery, Filter, Refusal};
use crate::device::{Device, Platform};

/// How many notifications fit on a screen, and how many refusals on the page.
const ON_SCREEN: usize = 6;
const SHOWN_REFUSALS: usize = 10;
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    screens: Vec<Screen>,
    refused: Refused,
    api_url: String,
    push_url: String,
    ca_pem_path: String,
}

#[derive(Template)]
#[template(path = "screen.html")]
struct Screen {
    device: Device,
    kind: &'static str,
    curl: String,
    notes: Vec<Note>,
    fault: String,
}

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused {
    refusals: Vec<Refusal>,
}

struct Note {
    title: String,
    body: String,
    at: String,
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
        api_url: site.api_url.clone(),
        push_url: site.credentials.push_url.clone(),
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
        Screen {
            kind: match device.platform {
                Platform::Apns => "iOS",
                Platform::Fcm => "Android",
                Platform::Wns => "Windows",
                Platform::WebPush => "browser",
            },
            curl: Registration::of(&device, &self.api_url).curl(),
            notes: on_screen(self.state.deliveries(&filter)),
            fault: fault
                .and_then(|kind| kind.as_str().map(str::to_owned))
                .unwrap_or_else(|| "none".to_owned()),
            device,
        }
    }

    fn refused(&self) -> Refused {
        Refused {
            refusals: self
                .state
                .refusals()
                .into_iter()
                .rev()
                .take(SHOWN_REFUSALS)
                .collect(),
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
            payload,
        }
    }
}

fn html(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(text)).into_response(),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
