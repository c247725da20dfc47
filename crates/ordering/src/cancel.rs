//! Asking to call an order off.

use domain::commands::Cancel;
use domain::{Access, Actor, CommandId, IdempotencyKey, Order, OrderAction, OrderCommand, OrderId, Version};
use jiff::Timestamp;
use messaging::commands::order_message;
use tracing::info;

use crate::{CancelError, Ordering};

impl Ordering {
    /// Asks to call the order off; what became of it is seen in the order, a refusal too. A retry under the same key is the same wish.
    /// `actor`: none is the order's customer (who showed its link). Gives the order as it stood.
    ///
    /// # Errors
    /// [`CancelError`].
    pub async fn cancel(
        &self,
        access: Access,
        id: OrderId,
        key: &IdempotencyKey,
        actor: Option<Actor>,
        now: Timestamp,
    ) -> Result<Order, CancelError> {
        let _room = self.room()?;
        let order = self
            .look_up(access, id, Version::FIRST)
            .await?
            .ok_or(CancelError::NotFound)?;
        let command = OrderCommand {
            id: CommandId::derive(id, key),
            order: id,
            actor: actor.unwrap_or(Actor::Customer(order.customer)),
            at: now,
            action: OrderAction::Cancel(Cancel {}),
        };
        let message = order_message(&command, &self.source, None);
        let published = self.messaging.publish(&message).await?;
        info!(order.id = %id, command.id = %command.id, duplicate = published.duplicate, "cancellation asked for");
        Ok(order)
    }
}
