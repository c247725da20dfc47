//! Reading a JSON body: of bounded size, in bounded time, with the field named that is wrong.

use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt;
use registration::json::{Unreadable, fields};
use serde::de::DeserializeOwned;

use crate::problem::{Kind, Problem};

/// The most bytes of a body.
pub(crate) const MAX_BYTES: usize = 65_536;

/// How long a body may take to arrive. Application data; 10 s where there is none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MaxTime(pub(crate) Duration);

impl MaxTime {
    fn of(request: &HttpRequest) -> Duration {
        request
            .app_data::<Self>()
            .map_or(Duration::from_secs(10), |limit| limit.0)
    }
}

/// A JSON body.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            check_type(&request)?;
            let body = read(&request, payload).await?;
            parse(&body).map(Self)
        })
    }
}

/// No body, or an empty JSON object: what a command without content takes.
#[derive(Debug)]
pub(crate) struct EmptyBody;

impl FromRequest for EmptyBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = read(&request, payload).await?;
            if !body.iter().all(u8::is_ascii_whitespace) {
                check_type(&request)?;
                parse::<Nothing>(&body)?;
            }
            Ok(Self)
        })
    }
}

/// An object without fields.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// A JSON array of another type than `application/json`.
#[derive(Debug)]
pub(crate) struct ListBody<T>(pub(crate) Vec<T>);

/// What is sent under a media type of its own.
pub(crate) trait Typed {
    /// The media type.
    const TYPE: &str;
}

impl<T: DeserializeOwned + Typed + 'static> FromRequest for ListBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            check_type(&request)?;
            if !request.content_type().eq_ignore_ascii_case(T::TYPE) {
                let words = format!("This is sent as {}.", T::TYPE);
                return Err(Problem::new(Kind::UnsupportedMediaType).detail(words));
            }
            // What is no JSON is told from what is no such list before a list is looked for.
            let value: serde_json::Value = whole(&read(&request, payload).await?)?;
            fields(value).map(Self).map_err(|error| match error {
                Unreadable::Field(error) => Problem::invalid(vec![error]),
                Unreadable::Json(pointer, error) => Problem::invalid_field(&pointer, error.to_string()),
            })
        })
    }
}

fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    let content_type = request.content_type().to_ascii_lowercase();
    let coding = request.headers().get(header::CONTENT_ENCODING);
    let plain = coding.is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if plain && (content_type == "application/json" || content_type.ends_with("+json")) {
        Ok(())
    } else {
        Err(Problem::new(Kind::UnsupportedMediaType))
    }
}

async fn read(request: &HttpRequest, payload: Payload) -> Result<BytesMut, Problem> {
    let announced = request
        .headers()
        .get("content-length")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > MAX_BYTES as u64) {
        return Err(Problem::new(Kind::BodyTooLarge));
    }
    let limit = MaxTime::of(request);
    let words = || format!("A body has {} s to arrive.", limit.as_secs_f64());
    tokio::time::timeout(limit, collect(payload))
        .await
        .unwrap_or_else(|_| Err(Problem::new(Kind::BodyTooSlow).detail(words())))
}

async fn collect(mut payload: Payload) -> Result<BytesMut, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::new(Kind::MalformedJson).detail("The body broke off."))?;
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(Problem::new(Kind::BodyTooLarge));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let value = whole(body)?;
    // A sequence would be read field by field, in an order that nobody promised.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(Problem::invalid_field("", "must be a JSON object"));
    }
    Ok(value)
}

/// Reads all of it as one value.
fn whole<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let reader = &mut serde_json::Deserializer::from_slice(body);
    let value = fields(&mut *reader).map_err(|error| match error {
        Unreadable::Field(error) => Problem::invalid(vec![error]),
        Unreadable::Json(pointer, error) => wrong_or_malformed(&pointer, &error, body),
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// The reader calls it no JSON, too, where a number stands in place of a word: so the whole is looked at once more.
fn wrong_or_malformed(pointer: &str, error: &serde_json::Error, body: &[u8]) -> Problem {
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(_) => Problem::invalid_field(pointer, "can't be read as what it should be"),
        Err(_) => malformed(error),
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(Kind::MalformedJson).detail(format!("{error}."))
}

#[cfg(test)]
mod tests {
    use domain::OrderDraft;

    use super::*;

    fn refused(body: &str) -> serde_json::Value {
        let problem = parse::<OrderDraft>(body.as_bytes()).unwrap_err();
        serde_json::from_str(&format!("{{\"problem\":\"{problem}\"}}")).unwrap()
    }

    #[test]
    fn what_is_no_json_and_what_is_no_order_are_told_apart() {
        assert_eq!(refused("{")["problem"], "malformed-json");
        assert_eq!(refused("{} {}")["problem"], "malformed-json");
        assert_eq!(refused(r#"{"price": 1}"#)["problem"], "invalid-input");
        assert_eq!(
            refused(r#"{"lines": [{"sku": "a", "quantity": 1.5}]}"#)["problem"],
            "invalid-input"
        );
        assert_eq!(
            refused(r#"{"lines": [{"sku": "a", "quantity": 1e30}]}"#)["problem"],
            "invalid-input"
        );
    }

    #[test]
    fn a_body_is_an_object() {
        for other in ["[]", "[[]]", "1", "null", "\"text\"", " [ ]"] {
            assert_eq!(refused(other)["problem"], "invalid-input", "{other}");
        }
        assert!(parse::<Nothing>(b"[]").is_err());
        assert!(parse::<Nothing>(b" {} ").is_ok());
    }
}
