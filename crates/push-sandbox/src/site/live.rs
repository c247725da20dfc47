//! Tells the page what changed, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::broadcast::error::RecvError;

use super::Site;
use crate::state::News;

/// `screen` with a device's id, `refused`, `mail`, or `all` when some news were missed.
pub(super) async fn live(
    Shared(site): Shared<Arc<Site>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let news = stream::unfold(site.state.news(), async |mut news| {
        let event = match news.recv().await {
            Ok(News::Screen(device)) => Event::default().event("screen").data(device),
            Ok(News::Refused) => Event::default().event("refused").data("1"),
            Ok(News::Mail) => Event::default().event("mail").data("1"),
            Ok(News::All) | Err(RecvError::Lagged(_)) => Event::default().event("all").data("1"),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), news))
    });
    // A page that comes back after a break has missed something as well.
    let first = stream::once(async { Ok(Event::default().event("all").data("1")) });
    let stop = site.stop.clone().cancelled_owned();
    Sse::new(first.chain(news).take_until(Box::pin(stop))).keep_alive(KeepAlive::default())
}
