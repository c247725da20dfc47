//! The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header).

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use domain::IdempotencyKey;

use crate::problem::{Kind, Problem};

/// The key a command needs.
#[derive(Debug, Clone)]
pub(crate) struct Key(pub(crate) IdempotencyKey);

impl FromRequest for Key {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<Key, Problem> {
    let mut values = request.headers().get_all("idempotency-key");
    let value = values
        .next()
        .ok_or_else(|| Problem::new(Kind::IdempotencyKeyMissing))?;
    let invalid = || Problem::new(Kind::IdempotencyKeyInvalid);
    if values.next().is_some() {
        return Err(invalid().detail("The header was sent more than once."));
    }
    let text = value.to_str().map_err(|_| invalid())?;
    text.parse()
        .map(Key)
        .map_err(|error| invalid().detail(format!("The key {error}.")))
}
