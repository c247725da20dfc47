//! Waiting for the processor.

use std::time::Duration;

use tokio::time::{Instant, sleep};

const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Looks again and again until `probe` gives something; `None` after `limit`.
pub(crate) async fn until<T>(
    limit: Duration,
    mut probe: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<Option<T>> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = probe().await? {
            return Ok(Some(found));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        sleep(LOOK_AGAIN).await;
    }
}
