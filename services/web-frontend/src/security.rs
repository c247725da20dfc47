//! What keeps other sites out: headers on every answer, and the check of where a form came from.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, web};
use anyhow::Context;

use crate::app::Shop;
use crate::pages::errors::Refusal;
use crate::session::Visitor;

/// Nothing but our own files, no inline script or style, in nobody's frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=()",
    ),
];

/// Set where the page did not choose for itself. What is not said to be for everybody is personal.
const UNLESS_SET: [(HeaderName, &str); 2] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "same-origin"),
];

const HSTS: &str = "max-age=63072000; includeSubDomains";

/// How the site is reached.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    secure: bool,
    origin: Option<String>,
}

impl Site {
    /// `dev`: plain http. `origin`: the one that forms must come from, else that of the request's Host.
    pub(crate) fn new(dev: bool, origin: Option<&str>) -> anyhow::Result<Self> {
        let origin = origin.map(|text| read_origin(text, dev)).transpose()?;
        Ok(Self { secure: !dev, origin })
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether the browser says that one of our own pages sent this request. Sec-Fetch-Site can't be set by a page; the
    /// Origin is `null` from pages that send no referrer.
    fn sent(&self, headers: &HeaderMap) -> bool {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let site = text(HeaderName::from_static("sec-fetch-site"));
        let origin = text(header::ORIGIN);
        match (site, origin) {
            (Some("same-origin"), None | Some("null")) => true,
            (Some("same-origin") | None, Some(origin)) => self.is_own(origin, text(header::HOST)),
            _ => false,
        }
    }

    fn is_own(&self, origin: &str, host: Option<&str>) -> bool {
        match (&self.origin, host) {
            (Some(own), _) => origin == own,
            (None, Some(host)) => {
                origin.strip_prefix("https://") == Some(host)
                    || (!self.secure && origin.strip_prefix("http://") == Some(host))
            }
            (None, None) => false,
        }
    }
}

fn read_origin(text: &str, dev: bool) -> anyhow::Result<String> {
    let origin = text.trim_end_matches('/').to_ascii_lowercase();
    let host = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://").filter(|_| dev));
    let host = host.filter(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@']));
    host.context("--public-origin must be like https://shop.example.org (http only with --dev)")?;
    Ok(origin)
}

/// The middleware that sets the headers.
pub(crate) async fn headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let secure = request
        .app_data::<web::Data<Shop>>()
        .is_none_or(|shop| shop.site.is_secure());
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in UNLESS_SET {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    Ok(response)
}

/// Refuses a form that another site sent.
pub(crate) fn check_origin(shop: &Shop, request: &HttpRequest) -> Result<(), Refusal> {
    if shop.site.sent(request.headers()) {
        Ok(())
    } else {
        Err(Refusal::OtherSite)
    }
}

/// Whether `token` is that of the visitor's own forms.
pub(crate) fn has_token(shop: &Shop, visitor: Visitor, token: &str) -> bool {
    shop.forms.is_genuine(visitor.guest, token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(dev: bool, site: Option<&str>, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("shop.example"));
        for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
            if let Some(value) = value {
                headers.insert(
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                );
            }
        }
        Site::new(dev, None).unwrap().sent(&headers)
    }

    #[test]
    fn only_our_own_pages_may_send_forms() {
        assert!(sent(false, Some("same-origin"), Some("https://shop.example")));
        assert!(sent(false, None, Some("https://shop.example")));
        assert!(sent(false, Some("same-origin"), Some("null")));
        assert!(sent(true, None, Some("http://shop.example")));
        assert!(!sent(false, None, Some("http://shop.example")));
        assert!(!sent(false, None, None));
        assert!(!sent(false, None, Some("null")));
        assert!(!sent(false, None, Some("https://shop.example.evil")));
        assert!(!sent(false, Some("same-origin"), Some("https://evil.example")));
        assert!(!sent(false, Some("same-site"), Some("https://shop.example")));
        assert!(!sent(false, Some("cross-site"), Some("null")));
    }

    #[test]
    fn a_public_origin_is_an_origin() {
        assert!(Site::new(false, Some("https://shop.example/")).is_ok());
        assert!(Site::new(true, Some("http://127.0.0.1:8080")).is_ok());
        assert!(Site::new(false, Some("http://shop.example")).is_err());
        assert!(Site::new(false, Some("https://shop.example/path")).is_err());
        assert!(Site::new(false, Some("shop.example")).is_err());
    }
}
