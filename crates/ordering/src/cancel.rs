//! Asking to call an order off.

use domain::commands::Cancel;
use domain::{Access, Actor, CommandId, IdempotencyKey, Order, OrderAction, OrderCommand, OrderId, Version};
use jiff::Timestamp;
use messaging::commands::order_message;
use tracing::info;

use crate::{CancelError, Ordering};

impl Ordering {
    /// Asks to call the order off; what became of it is seen in the order, a refusal too. A retry under the same key is the same wish.
    /// `actor`: none is the order's customer (who showed its link). `seen`: the version that is to be called off; where the order has
    /// moved on, nothing is. What is known here to have moved on is refused at once: versions only grow. The processor decides the rest.
    /// Gives the order as it stood.
    ///
    /// # Errors
    /// [`CancelError`].
    pub async fn cancel(
        &self,
        access: Access,
        id: OrderId,
        key: &IdempotencyKey,
        actor: Option<Actor>,
        seen: Option<Version>,
        now: Timestamp,
    ) -> Result<Order, CancelError> {
        let _room = self.room()?;
        let mut order = self
            .look_up(access.clone(), id, Version::FIRST)
            .await?
            .ok_or(CancelError::NotFound)?;
        if let Some(seen) = seen.filter(|seen| *seen > order.version) {
            // It was seen elsewhere, further on than it is known here. What is known is enough for the wish all the same.
            let newer = self.look_up(access, id, seen).await.ok().flatten();
            order = newer.unwrap_or(order);
        }
        let wish = CommandId::derive(id, key);
        if order.history.iter().any(|entry| entry.command == wish) {
            return Ok(order);
        }
        if seen.is_some_and(|seen| seen < order.version) {
            return Err(CancelError::Changed);
        }
        let command = OrderCommand {
            id: wish,
            order: id,
            actor: actor.unwrap_or(Actor::Customer(order.customer)),
            at: now,
            action: OrderAction::Cancel(Cancel { version: seen }),
        };
        let message = order_message(&command, &self.source, None);
        let published = self.messaging.publish(&message).await?;
        info!(order.id = %id, command.id = %command.id, duplicate = published.duplicate, "cancellation asked for");
        Ok(order)
    }
}
