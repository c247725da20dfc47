//! Commands as messages, and messages as commands.

use domain::commands::UnreadableCommand;
use domain::{CatalogAction, CatalogCommand, CommandId, EventId, OrderAction, OrderCommand, OrderId, Sku};

use crate::topology::ORDERS;
use crate::{Delivery, Envelope, Message, Messaging, PublishError, raw, subjects};

/// Why a delivery is not a command.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is of a newer version: let it wait.
    #[error("{0}")]
    Newer(String),
    /// It never will be one: a dead letter.
    #[error("{0}")]
    Never(String),
}

impl From<UnreadableCommand> for Unreadable {
    fn from(error: UnreadableCommand) -> Self {
        match error {
            UnreadableCommand::NewerVersion(_) => Self::Newer(error.to_string()),
            _ => Self::Never(error.to_string()),
        }
    }
}

/// `command` as a message from `source`.
pub fn order_message(command: &OrderCommand, source: &str, correlation_id: Option<&str>) -> Message {
    Message {
        subject: subjects::order_command(command.order, command.action.verb()),
        envelope: Envelope {
            id: command.message_id(),
            kind: command.action.message_type().into(),
            source: source.into(),
            time: command.at,
            actor: command.actor.clone(),
            correlation_id: correlation_id.map(Into::into),
            traceparent: None,
            expires_at: None,
        },
        body: json(command.action.to_json()),
    }
}

/// `command` as a message from `source`.
pub fn catalog_message(command: &CatalogCommand, source: &str) -> Message {
    Message {
        subject: subjects::catalog_command(&command.sku, command.action.verb()),
        envelope: Envelope {
            id: command.id.to_string(),
            kind: command.action.message_type().into(),
            source: source.into(),
            time: command.at,
            actor: command.actor.clone(),
            correlation_id: None,
            traceparent: None,
            expires_at: None,
        },
        body: json(command.action.to_json()),
    }
}

/// The body of one of our own types.
pub(crate) fn json(body: serde_json::Result<Vec<u8>>) -> bytes::Bytes {
    // Our types have no maps with keys other than strings and no fallible serializers.
    body.unwrap_or_default().into()
}

/// The order command that `delivery` carries.
///
/// # Errors
/// [`Unreadable`].
pub fn read_order_command(delivery: &Delivery) -> Result<OrderCommand, Unreadable> {
    read(delivery.key(), &delivery.envelope, &delivery.body)
}

/// The order command that a schedule will deliver.
///
/// # Errors
/// [`Unreadable`].
pub fn read_scheduled_command(message: &Message) -> Result<OrderCommand, Unreadable> {
    let order = subjects::key(&message.subject);
    read(order, &message.envelope, &message.body)
}

fn read(order: &str, envelope: &Envelope, body: &[u8]) -> Result<OrderCommand, Unreadable> {
    let never = |what: &str, error: &dyn std::fmt::Display| Unreadable::Never(format!("{what} {error}"));
    let order: OrderId = order
        .parse()
        .map_err(|error| never("the order's id in the subject", &error))?;
    let action = OrderAction::from_json(&envelope.kind, body)?;
    let id = match action {
        OrderAction::Submit(_) => submission_id(order, &envelope.id)?,
        _ => envelope.id.parse().map_err(|error| never("`ce-id`", &error))?,
    };
    Ok(OrderCommand {
        id,
        order,
        actor: envelope.actor.clone(),
        at: envelope.time,
        action,
    })
}

fn submission_id(order: OrderId, id: &str) -> Result<CommandId, Unreadable> {
    let event: EventId = id
        .parse()
        .map_err(|error| Unreadable::Never(format!("`ce-id` {error}")))?;
    if event.order != order {
        return Err(Unreadable::Never(
            "`ce-id` names another order than the subject".into(),
        ));
    }
    Ok(CommandId::of_submission(order))
}

/// The catalog command that `delivery` carries.
///
/// # Errors
/// [`Unreadable`].
pub fn read_catalog_command(delivery: &Delivery) -> Result<CatalogCommand, Unreadable> {
    let never = |what: &str, error: &dyn std::fmt::Display| Unreadable::Never(format!("{what} {error}"));
    let sku: Sku = delivery
        .key()
        .parse()
        .map_err(|error| never("the SKU in the subject", &error))?;
    let action = CatalogAction::from_json(&delivery.envelope.kind, &delivery.body)?;
    let id: CommandId = delivery
        .envelope
        .id
        .parse()
        .map_err(|error| never("`ce-id`", &error))?;
    Ok(CatalogCommand {
        id,
        sku,
        actor: delivery.envelope.actor.clone(),
        at: delivery.envelope.time,
        action,
    })
}

impl Messaging {
    /// The submission of `order` that is accepted and not yet processed, read from the leader of `ORDERS`.
    ///
    /// # Errors
    /// [`PublishError::Unknown`] where the server does not answer.
    pub async fn pending_submission(&self, order: OrderId) -> Result<Option<OrderCommand>, PublishError> {
        let stream = raw::stream(self, ORDERS).await?;
        let found = stream
            .get_last_raw_message_by_subject(&subjects::order_command(order, "submit"))
            .await;
        let Some(message) = raw::found(found)? else {
            return Ok(None);
        };
        let command = Envelope::from_headers(&message.headers)
            .map_err(Unreadable::Never)
            .and_then(|envelope| read(&order.to_string(), &envelope, &message.payload));
        match command {
            Ok(command) => Ok(Some(command)),
            // The processor gives it to the dead letters; until then nothing can be said about it.
            Err(error) => {
                tracing::warn!(order.id = %order, %error, "a waiting submission can't be read");
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::catalog::ChangeStock;
    use domain::{CatalogAction, CatalogCommand, CommandId, OrderAction, Sku};

    use super::{Unreadable, catalog_message, read_catalog_command};
    use crate::Delivery;

    #[test]
    fn a_catalog_command_is_read_as_it_was_sent() {
        let sku: Sku = "green-tea".parse().unwrap();
        let command = CatalogCommand {
            id: CommandId::for_product(&sku, &"key".parse().unwrap()),
            sku,
            actor: "staff:sam".parse().unwrap(),
            at: jiff::Timestamp::from_second(1).unwrap(),
            action: CatalogAction::Stock(ChangeStock { delta: -3 }),
        };
        let message = catalog_message(&command, "waybillctl");
        assert_eq!(message.subject, "catalog.stock.green-tea");
        let delivery = Delivery {
            stream: "CATALOG".into(),
            sequence: 1,
            subject: message.subject,
            envelope: message.envelope,
            body: message.body,
            redelivered: false,
        };
        assert_eq!(read_catalog_command(&delivery).unwrap(), command);
        let forged = Delivery {
            subject: "catalog.stock.GREEN".into(),
            ..delivery
        };
        assert!(matches!(read_catalog_command(&forged), Err(Unreadable::Never(_))));
    }

    #[test]
    fn a_cause_names_the_place_and_not_the_value() {
        let body = br#"{"contact": "ada \"the\" countess@example.org"}"#;
        let error = OrderAction::from_json("order.submit.v1", body).unwrap_err();
        let shown = Unreadable::from(error).to_string();
        assert!(
            shown.contains("order.submit.v1") && shown.contains("line 1 column"),
            "{shown}"
        );
        assert!(!shown.contains("countess"), "{shown}");
    }

    #[test]
    fn a_newer_version_waits_and_an_unknown_type_never_will_be_read() {
        let read = |kind: &str| Unreadable::from(OrderAction::from_json(kind, b"{}").unwrap_err());
        assert!(matches!(read("order.submit.v2"), Unreadable::Newer(_)));
        assert!(matches!(read("order.burn.v1"), Unreadable::Never(_)));
    }
}
