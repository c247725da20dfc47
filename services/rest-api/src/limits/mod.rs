//! How much one customer, and one address, may ask for (draft-ietf-httpapi-ratelimit-headers).

mod counter;
mod quota;

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, ResponseError, web};
use cache::limits::{Quota, Verdict};
use chassis::http::client::{TrustedProxies, counted_as};

use crate::auth::Caller;
use crate::problem::{Kind, Problem};

pub(crate) use counter::Counter;
pub(crate) use quota::Limit;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");
/// What is counted begins so: the contract and the problems are for everyone.
const COUNTED: &str = "/v1/";

/// A limit as it stands for one request.
struct Standing {
    name: &'static str,
    quota: Quota,
    verdict: Verdict,
}

/// The middleware: refuses what is too much, and tells how much is left.
pub(crate) async fn limit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let standing = match request.app_data::<web::Data<Counter>>().cloned() {
        Some(counter) if request.path().starts_with(COUNTED) => count(&counter, &request).await,
        _ => Vec::new(),
    };
    let refused = standing.iter().filter(|limit| !limit.verdict.allowed);
    let mut response = match refused.map(|limit| limit.verdict.retry_after).max() {
        Some(wait) => {
            metrics::counter!("http_requests_limited_total").increment(1);
            let problem = Problem::new(Kind::TooManyRequests).header(RETRY_AFTER, seconds(wait).to_string());
            request
                .into_response(problem.error_response())
                .map_into_right_body()
        }
        None => next.call(request).await?.map_into_left_body(),
    };
    tell(response.headers_mut(), &standing);
    Ok(response)
}

async fn count(counter: &Counter, request: &ServiceRequest) -> Vec<Standing> {
    let customer = Caller::extract(request.request()).await.ok();
    let address = request
        .app_data::<web::Data<TrustedProxies>>()
        .and_then(|proxies| proxies.client(request.request()))
        .map(counted_as);
    counter.count(customer, address, chassis::clock::now()).await
}

fn tell(headers: &mut HeaderMap, standing: &[Standing]) {
    let list = |words: fn(&Standing) -> String| {
        let words: Vec<_> = standing.iter().map(words).collect();
        HeaderValue::from_str(&words.join(", ")).ok()
    };
    if standing.is_empty() {
        return;
    }
    let policy = list(|limit| {
        let (requests, window) = (limit.quota.requests, seconds(limit.quota.window));
        format!("\"{}\";q={requests};w={window}", limit.name)
    });
    let left = list(|limit| {
        let missing = limit.quota.requests.saturating_sub(limit.verdict.remaining);
        let reset = seconds(limit.quota.step() * missing);
        format!("\"{}\";r={};t={reset}", limit.name, limit.verdict.remaining)
    });
    for (name, value) in [(POLICY, policy), (LEFT, left)] {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
