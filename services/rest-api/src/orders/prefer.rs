//! `Prefer: wait=5` (RFC 7240, section 4.3): answered when the order is settled, or when the time is over.

use std::pin::pin;
use std::time::Duration;

use actix_web::HttpRequest;
use domain::{Access, Order, OrderId, OrderState};
use futures_util::StreamExt;
use ordering::Ordering;
use tokio_util::sync::CancellationToken;

/// The longest that is waited, whatever is preferred.
const LONGEST: u64 = 10;

/// How many seconds the client would wait, as far as we do. The first of several counts; what can't be read is not preferred.
pub(super) fn wait(request: &HttpRequest) -> Option<u64> {
    let lines = request.headers().get_all("prefer");
    let mut preferences = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|preference| preference.split(';').next()?.split_once('='));
    let (_, seconds) = preferences.find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))?;
    let seconds: u64 = seconds.trim().trim_matches('"').parse().ok()?;
    Some(seconds.min(LONGEST))
}

/// The order once it is settled; none where it is not within `seconds`, can't be read, or the service stops.
pub(super) async fn settled(
    ordering: &Ordering,
    access: Access,
    id: OrderId,
    seconds: u64,
    stopping: &CancellationToken,
) -> Option<Order> {
    let find = Box::pin(async {
        let mut orders = pin!(ordering.watch(access, id, None).await.ok()??);
        loop {
            let order = orders.next().await?;
            if is_settled(order.state) {
                return Some(order);
            }
        }
    });
    let in_time = tokio::time::timeout(Duration::from_secs(seconds), find);
    stopping.run_until_cancelled(in_time).await?.ok()?
}

fn is_settled(state: OrderState) -> bool {
    !matches!(
        state,
        OrderState::Submitted | OrderState::Held | OrderState::AwaitingUploads
    )
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_a_number_of_seconds_is_waited() {
        for (sent, seconds) in [
            ("wait=5", Some(5)),
            ("respond-async, wait=\"3\"; x=y", Some(3)),
            ("WAIT = 2", Some(2)),
            ("wait=3600", Some(10)),
            ("wait=1, wait=2", Some(1)),
            ("wait=", None),
            ("wait", None),
            ("wait=-1", None),
            ("waiting=5", None),
        ] {
            let request = TestRequest::default().insert_header(("prefer", sent));
            assert_eq!(wait(&request.to_http_request()), seconds, "{sent}");
        }
        assert_eq!(wait(&TestRequest::default().to_http_request()), None);
    }
}
