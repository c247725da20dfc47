//! An order as it moves.

use std::time::Duration;

use domain::{Access, Order, OrderId, Version};
use futures_util::{Stream, stream};
use tracing::debug;

use crate::hub::Subscription;
use crate::{Ordering, Unavailable};

/// How long to wait before an order that could not be read is read again.
const AGAIN: Duration = Duration::from_secs(1);

/// One who watches an order.
struct Watcher {
    ordering: Ordering,
    access: Access,
    id: OrderId,
    subscription: Subscription,
    /// The version that was given last; 0 for none.
    seen: Version,
    /// What is to be given next.
    ready: Option<Order>,
    ended: bool,
}

impl Ordering {
    /// The order as it stands (if newer than `after`), then every later version it is found at, each once and in order, until it no longer
    /// changes or the stream is dropped. Versions that follow each other faster than they are read are skipped: the order's history has them.
    /// None where there is none for this reader.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn watch(
        &self,
        access: Access,
        id: OrderId,
        after: Option<Version>,
    ) -> Result<Option<impl Stream<Item = Order> + Send + use<>>, Unavailable> {
        // Before reading, so that nothing is missed in between.
        let subscription = self.hub.subscribe(id);
        let seen = after.unwrap_or(Version(0));
        let Some(order) = self.look_up(access.clone(), id, seen).await? else {
            return Ok(None);
        };
        let mut watcher = Watcher {
            ordering: self.clone(),
            access,
            id,
            subscription,
            seen,
            ready: None,
            ended: false,
        };
        watcher.found(order);
        Ok(Some(stream::unfold(watcher, |mut watcher| async {
            let order = watcher.next().await?;
            Some((order, watcher))
        })))
    }
}

impl Watcher {
    /// The next version of the order.
    async fn next(&mut self) -> Option<Order> {
        loop {
            if let Some(order) = self.ready.take() {
                self.seen = order.version;
                return Some(order);
            }
            if self.ended || !self.subscription.news().await {
                return None;
            }
            // Reading takes 16 KiB, which who only waits does not hold.
            Box::pin(self.read()).await;
        }
    }

    /// Reads the order, again and again while the stores give no answer.
    async fn read(&mut self) {
        loop {
            let found = self.ordering.look_up(self.access.clone(), self.id, self.seen);
            match found.await {
                Ok(Some(order)) => return self.found(order),
                Ok(None) => return,
                Err(error) => {
                    debug!(order.id = %self.id, %error, "a watched order can't be read; trying again");
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    fn found(&mut self, order: Order) {
        self.ended = order.state.is_terminal();
        self.ready = Some(order).filter(|order| order.version > self.seen);
    }
}
