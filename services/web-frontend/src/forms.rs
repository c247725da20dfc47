//! Reading what a browser sent: of bounded size, in bounded time, every field named once.

use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt;
use percent_encoding::percent_decode_str;

use crate::pages::errors::Refusal;

/// The most bytes of a form.
pub(crate) const MAX_BYTES: usize = 65_536;
/// How long a form may take to arrive.
const MAX_TIME: Duration = Duration::from_secs(10);
/// The most fields of a form: 100 lines of an order have two each.
const MAX_FIELDS: usize = 1_024;

/// The fields of a form or of an address's query, in the order they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded` (URL Standard, 5.1), but strictly: UTF-8, each name once.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if fields.len() == MAX_FIELDS || fields.iter().any(|(known, _)| *known == name) {
                return Err(Refusal::Malformed);
            }
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    /// The fields of the request's query.
    pub(crate) fn of_query(request: &HttpRequest) -> Result<Self, Refusal> {
        Self::parse(request.query_string())
    }

    /// The value of `name`; none where the field is missing.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of `name`; empty where the field is missing.
    pub(crate) fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    /// The fields whose name begins with `prefix`: what follows it, and the value.
    pub(crate) fn starting<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .iter()
            .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// Refuses a field that is not `known`.
    pub(crate) fn allow(&self, known: impl Fn(&str) -> bool) -> Result<(), Refusal> {
        if self.0.iter().all(|(name, _)| known(name)) {
            Ok(())
        } else {
            Err(Refusal::Malformed)
        }
    }
}

fn decode(text: &str) -> Result<String, Refusal> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced)
        .decode_utf8()
        .map_err(|_| Refusal::Malformed)?;
    // Browsers send a text area's line ends as CRLF.
    Ok(decoded.replace("\r\n", "\n"))
}

/// A form that was sent with POST.
#[derive(Debug)]
pub(crate) struct Form(pub(crate) Fields);

impl FromRequest for Form {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_form = request
            .content_type()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let length = request.headers().get(header::CONTENT_LENGTH).cloned();
        let announced = length.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let payload = payload.take();
        Box::pin(async move {
            if !is_form {
                return Err(Refusal::NotAForm);
            }
            if announced.is_some_and(|length| length > MAX_BYTES as u64) {
                return Err(Refusal::TooLarge);
            }
            let body = tokio::time::timeout(MAX_TIME, collect(payload))
                .await
                .map_err(|_| Refusal::TooSlow)??;
            let text = std::str::from_utf8(&body).map_err(|_| Refusal::Malformed)?;
            Fields::parse(text).map(Self)
        })
    }
}

async fn collect(mut payload: Payload) -> Result<BytesMut, Refusal> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Refusal::Malformed)?;
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(Refusal::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_line_ends_are_plain() {
        let fields = Fields::parse("name=J%C3%BCrgen+K&note=one%0D%0Atwo&empty=").unwrap();
        assert_eq!(fields.get("name"), Some("Jürgen K"));
        assert_eq!(fields.get("note"), Some("one\ntwo"));
        assert_eq!(fields.get("empty"), Some(""));
        assert_eq!(fields.get("other"), None);
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for text in ["a=%FF", "a=1&a=2", "%C3=1"] {
            assert_eq!(Fields::parse(text), Err(Refusal::Malformed), "{text}");
        }
        let many: String = (0..=MAX_FIELDS).map(|n| format!("f{n}=1&")).collect();
        assert_eq!(Fields::parse(&many), Err(Refusal::Malformed));
    }

    #[test]
    fn fields_with_a_prefix_keep_their_order() {
        let fields = Fields::parse("quantity.b=1&x=2&quantity.a=3").unwrap();
        assert_eq!(
            fields.starting("quantity.").collect::<Vec<_>>(),
            [("b", "1"), ("a", "3")]
        );
        assert!(fields.allow(|name| name == "x").is_err());
    }
}
