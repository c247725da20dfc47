//! A customer's orders.

use std::cmp::Reverse;

use domain::{Access, Order, OrderId, Version};
use futures_util::future::join_all;
use jiff::Timestamp;
use storage::{OrderFilter, OrderPage, OrderSummary};

use crate::{Ordering, Unavailable};

/// The most orders not yet processed that are put among those stored.
const MOST_UNPROCESSED: usize = 20;

impl Ordering {
    /// A page of the reader's orders that fit, newest first. `after` is a position that an earlier page gave (see [`crate::read_cursor`]).
    /// A customer's orders that are accepted and not yet processed are among them, as far as this process saw them accepted.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn list(
        &self,
        access: Access,
        filter: &OrderFilter,
        after: Option<(Timestamp, OrderId)>,
        limit: u32,
    ) -> Result<OrderPage, Unavailable> {
        // Before what is stored: an order that is processed in between is in both, not in neither.
        let unprocessed = self.unprocessed(&access).await;
        let mut page = self.storage.orders(access, filter, after, limit).await?;
        let beside = unprocessed
            .iter()
            .map(summary)
            .filter(|order| filter.fits(order) && after.is_none_or(|after| position(order) < after));
        for order in beside {
            if page.orders.iter().all(|stored| stored.id != order.id) {
                page.orders.push(order);
            }
        }
        Ok(cut(page, limit))
    }

    async fn unprocessed(&self, access: &Access) -> Vec<Order> {
        let ids = access
            .customers()
            .iter()
            .flat_map(|customer| self.hub.unprocessed(*customer, MOST_UNPROCESSED))
            .take(MOST_UNPROCESSED);
        let found = join_all(ids.map(|id| self.look_up(access.clone(), id, Version::FIRST))).await;
        let orders = found.into_iter().filter_map(|found| found.ok().flatten());
        orders.filter(|order| order.version == Version::FIRST).collect()
    }
}

/// In order, and no longer than `limit`.
fn cut(mut page: OrderPage, limit: u32) -> OrderPage {
    page.orders.sort_by_key(|order| Reverse(position(order)));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if page.orders.len() > limit {
        page.orders.truncate(limit);
        page.next = page.orders.last().map(position);
    }
    page
}

fn position(order: &OrderSummary) -> (Timestamp, OrderId) {
    (order.submitted_at, order.id)
}

fn summary(order: &Order) -> OrderSummary {
    OrderSummary {
        id: order.id,
        version: order.version,
        state: order.state,
        total: order.total,
        units: order.lines.iter().map(|line| i64::from(line.quantity)).sum(),
        submitted_at: order.submitted_at,
        updated_at: order.updated_at,
    }
}
