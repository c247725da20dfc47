//! Reading a JSON body: of bounded size, in bounded time, with the field named that is wrong.

use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::problem::{Kind, Problem};

/// The most bytes of a body.
pub(crate) const MAX_BYTES: usize = 65_536;
/// How long a body may take to arrive.
const MAX_TIME: Duration = Duration::from_secs(10);

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

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    let content_type = request.content_type().to_ascii_lowercase();
    if content_type == "application/json" || content_type.ends_with("+json") {
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
    tokio::time::timeout(MAX_TIME, collect(payload))
        .await
        .unwrap_or_else(|_| Err(Problem::new(Kind::BodyTooSlow)))
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
    let reader = &mut serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut *reader).map_err(|error| {
        let pointer = pointer(error.path());
        let cause = error.into_inner();
        if cause.is_data() {
            Problem::invalid_field(&pointer, without_position(&cause))
        } else {
            Problem::new(Kind::MalformedJson).detail(format!("{cause}."))
        }
    })?;
    reader
        .end()
        .map_err(|error| Problem::new(Kind::MalformedJson).detail(format!("{error}.")))?;
    Ok(value)
}

/// RFC 6901.
fn pointer(path: &Path) -> String {
    let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escape(key)),
            Segment::Enum { variant } => format!("/{}", escape(variant)),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// The message without the position that serde_json puts after it: the pointer says where.
fn without_position(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words.split(" at line ").next().unwrap_or(&words).to_owned()
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
}
