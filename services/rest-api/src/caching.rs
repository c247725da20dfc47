//! What caches between us and an app are told.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue, VARY,
};
use actix_web::middleware::Next;

/// `Cache-Control` of an answer whose handler says nothing about it.
pub(crate) const UNLESS_SAID: &str = "no-store";

/// The middleware: what is compressed for some must not be given to all, be it the short answer or the long one (RFC 9110, section 12.5.5).
/// All that an answer varies by is said in one line: those who add to it look at the first alone.
pub(crate) async fn vary(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    if says(headers, &CACHE_CONTROL, "public") || is_coded(headers) {
        add(headers, ACCEPT_ENCODING.as_str());
    }
    Ok(response)
}

fn is_coded(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_ENCODING)
        .is_some_and(|coding| coding != "identity")
}

/// Whether one of the header's words is `word`.
fn says(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    words(headers, name).any(|said| said.eq_ignore_ascii_case(word))
}

fn words<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

fn add(headers: &mut HeaderMap, name: &str) {
    let mut all: Vec<_> = words(headers, &VARY).map(str::to_ascii_lowercase).collect();
    all.push(name.to_owned());
    all.sort_unstable();
    all.dedup();
    if let Ok(value) = HeaderValue::from_str(&all.join(", ")) {
        headers.insert(VARY, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_varies_by_is_said_once_and_in_one_line() {
        let mut headers = HeaderMap::new();
        add(&mut headers, "accept-encoding");
        headers.append(VARY, HeaderValue::from_static("Origin, Accept-Encoding"));
        add(&mut headers, "accept-encoding");
        let lines: Vec<_> = headers.get_all(VARY).collect();
        assert_eq!(lines, ["accept-encoding, origin"]);
    }
}
