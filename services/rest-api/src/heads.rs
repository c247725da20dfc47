//! The head of a request: of bounded size.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError};

use crate::problem::{Kind, Problem};

/// The most bytes of all headers together. The HTTP library refuses a head that is far larger by itself, without a body.
const MAX_BYTES: usize = 16_384;

/// The middleware: refuses what is too large.
pub(crate) async fn bounded(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    // With the colon, the space and the line's end.
    let lines = request.headers().iter();
    let bytes: usize = lines
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if bytes <= MAX_BYTES {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let answer = Problem::new(Kind::HeadersTooLarge).error_response();
    Ok(request.into_response(answer).map_into_right_body())
}
