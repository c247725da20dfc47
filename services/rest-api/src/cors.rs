//! Pages of other origins that may ask (Fetch Standard, section 3.3).

use actix_cors::Cors;
use actix_web::middleware::Condition;

/// What a page may send and read beyond what every page may.
const SENT: [&str; 8] = [
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "last-event-id",
    "prefer",
    "x-request-id",
];
const READ: [&str; 9] = [
    "etag",
    "idempotent-replayed",
    "location",
    "preference-applied",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "www-authenticate",
    "x-request-id",
];

/// Lets pages of `origins` ask; without any, a browser is told nothing and refuses by itself. Cookies are never taken.
pub(crate) fn cors(origins: &[String]) -> Condition<Cors> {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers(SENT)
        .expose_headers(READ)
        .max_age(600);
    let cors = origins
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(origin));
    Condition::new(!origins.is_empty(), cors)
}

/// Reads an origin as browsers send it: scheme, host, port.
///
/// # Errors
/// In words, for the command line.
pub(crate) fn origin(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text).ok();
    let origin = url.map(|url| url.origin().ascii_serialization());
    origin
        .filter(|origin| origin == text)
        .ok_or_else(|| "must be an origin such as https://shop.example, without a path".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for good in ["https://shop.example", "http://localhost:8080"] {
            assert_eq!(origin(good).as_deref(), Ok(good));
        }
        for wrong in [
            "*",
            "null",
            "shop.example",
            "https://shop.example/",
            "https://shop.example:443",
            "https://Shop.example",
        ] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}
