//! Reading one order, in the full order of places it may be in.

use cache::Versioned;
use domain::{Access, Order, OrderId, OrderState, Version};

use crate::known::{accepted_letter, accepted_order};
use crate::{Ordering, Unavailable, key_of};

impl Ordering {
    /// The order as it stands, at least at version `floor` where it has got that far; none where there is none for this reader.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn look_up(
        &self,
        access: Access,
        id: OrderId,
        floor: Version,
    ) -> Result<Option<Order>, Unavailable> {
        let floor = u64::from(floor.max(self.hub.floor(id)).0);
        if let Ok(Some(cached)) = self.orders.get(&key_of(id), floor).await {
            return Ok(Some(cached.value).filter(|order| access.covers(id, order.customer)));
        }
        let stored = self.stored(&access, id, floor).await;
        if let Ok(Some(order)) = stored {
            return Ok(Some(order));
        }
        // With Postgres away, too: then most of what was accepted waits for it.
        let accepted = match self.waiting(&access, id).await? {
            Some(order) => Some(order),
            None => self.held(&access, id).await?,
        };
        if let Some(order) = accepted.filter(|order| u64::from(order.version.0) >= floor) {
            return Ok(Some(order));
        }
        // It may just have moved from the stream into Postgres.
        stored.and(self.stored(&access, id, floor).await)
    }

    /// From Postgres, once for all who have the same access.
    async fn stored(&self, access: &Access, id: OrderId, floor: u64) -> Result<Option<Order>, Unavailable> {
        let load = async {
            let order = self
                .storage
                .order(access.clone(), id)
                .await
                .map_err(Unavailable::from)?;
            Ok::<_, Unavailable>(order.map(|order| Versioned {
                version: order.version.0.into(),
                value: order,
            }))
        };
        let found = self
            .orders
            .load(&key_of(id), &format!("{access:?}"), floor, load)
            .await?;
        // What another load or write has cached meanwhile is of the same order: it is checked like any entry.
        Ok(found
            .map(|entry| entry.value)
            .filter(|order| access.covers(id, order.customer)))
    }

    /// Accepted and not yet processed.
    async fn waiting(&self, access: &Access, id: OrderId) -> Result<Option<Order>, Unavailable> {
        let command = self.messaging.pending_submission(id).await?;
        let order = command
            .as_ref()
            .and_then(accepted_order)
            .filter(|order| access.covers(id, order.customer));
        if let Some(order) = &order {
            let entry = Versioned {
                version: order.version.0.into(),
                value: order.clone(),
            };
            let _helpful_only = self.orders.put(&key_of(id), entry, None).await;
        }
        Ok(order)
    }

    /// In the dead letters.
    async fn held(&self, access: &Access, id: OrderId) -> Result<Option<Order>, Unavailable> {
        let letter = self.letters.of_submission(id).await?;
        let order = letter.and_then(|letter| accepted_letter(&letter, id));
        Ok(order
            .filter(|order| access.covers(id, order.customer))
            .map(|order| Order {
                state: OrderState::Held,
                ..order
            }))
    }
}
