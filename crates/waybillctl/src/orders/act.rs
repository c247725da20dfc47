//! `waybillctl orders cancel|ship|deliver`: a wish, and what became of it.

use std::time::Duration;

use anyhow::{Context, bail};
use chassis::clock;
use domain::commands::{Cancel, Deliver, Ship};
use domain::{Access, Actor, CommandId, HistoryEntry, OrderAction, OrderCommand, OrderId, Text};
use messaging::commands::order_message;
use messaging::{DeadLetters, Messaging};
use serde_json::json;
use storage::Storage;

use super::show::reason;
use crate::args::WishArgs;
use crate::output::Console;
use crate::{NAME, wait};

#[derive(Debug, clap::Args)]
pub(crate) struct CancelArgs {
    /// Which order.
    #[arg(value_name = "ORDER")]
    order: OrderId,
    #[command(flatten)]
    wish: WishArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShipArgs {
    /// Which order.
    #[arg(value_name = "ORDER")]
    order: OrderId,
    /// The carrier's tracking code.
    #[arg(long, value_name = "CODE")]
    tracking: Option<Text<1, 100>>,
    #[command(flatten)]
    wish: WishArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DeliverArgs {
    /// Which order.
    #[arg(value_name = "ORDER")]
    order: OrderId,
    #[command(flatten)]
    wish: WishArgs,
}

/// What is asked of an order, and how.
pub(crate) struct Wish {
    order: OrderId,
    action: OrderAction,
    args: WishArgs,
}

impl From<CancelArgs> for Wish {
    fn from(args: CancelArgs) -> Self {
        Self {
            order: args.order,
            action: OrderAction::Cancel(Cancel::default()),
            args: args.wish,
        }
    }
}

impl From<ShipArgs> for Wish {
    fn from(args: ShipArgs) -> Self {
        let action = OrderAction::Ship(Ship {
            tracking: args.tracking,
        });
        Self {
            order: args.order,
            action,
            args: args.wish,
        }
    }
}

impl From<DeliverArgs> for Wish {
    fn from(args: DeliverArgs) -> Self {
        Self {
            order: args.order,
            action: OrderAction::Deliver(Deliver::default()),
            args: args.wish,
        }
    }
}

pub(crate) async fn run(wish: Wish, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = wish.args.servers.database.connect(NAME, connecting).await?;
    let messaging = wish.args.servers.nats.connect(NAME, connecting).await?;
    let known = storage.order(Access::Staff, wish.order).await?.is_some()
        || messaging.pending_submission(wish.order).await?.is_some();
    if !known {
        bail!(
            "there is no order {}; `waybillctl orders list` names them",
            wish.order
        );
    }
    let command = OrderCommand {
        id: CommandId::derive(wish.order, &wish.args.key()?),
        order: wish.order,
        actor: Actor::Staff(wish.args.user.clone()),
        at: clock::now(),
        action: wish.action,
    };
    let message = order_message(&command, messaging.name(), None);
    messaging
        .publish(&message)
        .await
        .context("the command is not known to be stored; run it again with the same --key")?;
    if wish.args.no_wait {
        let json = json!({ "order": command.order, "command": command.id, "outcome": "sent" });
        return console.answer(&json, || {
            format!(
                "sent; `waybillctl orders show {}` tells what became of it",
                command.order
            )
        });
    }
    match outcome(&storage, &command, wish.args.timeout).await? {
        Some(entry) => report(&command, &entry, console),
        None => Err(unanswered(&messaging, &command, wish.args.timeout).await?),
    }
}

/// The history entry that the command caused.
async fn outcome(
    storage: &Storage,
    command: &OrderCommand,
    limit: Duration,
) -> anyhow::Result<Option<HistoryEntry>> {
    wait::until(limit, async || {
        let order = storage.order(Access::Staff, command.order).await?;
        let mut entries = order.into_iter().flat_map(|order| order.history);
        Ok(entries.find(|entry| entry.command == command.id))
    })
    .await
}

fn report(command: &OrderCommand, entry: &HistoryEntry, console: &mut Console<'_>) -> anyhow::Result<()> {
    if let Some(wish) = &entry.refused {
        let why = entry
            .reason
            .as_ref()
            .map_or_else(|| "no reason given".to_owned(), reason);
        bail!(
            "order {} is {}: {wish} was refused ({why})",
            command.order,
            entry.state
        );
    }
    let json = json!({ "order": command.order, "command": command.id, "outcome": entry.state, "version": entry.version });
    console.answer(&json, || {
        format!(
            "order {} is {} (version {})",
            command.order, entry.state, entry.version
        )
    })
}

async fn unanswered(
    messaging: &Messaging,
    command: &OrderCommand,
    limit: Duration,
) -> anyhow::Result<anyhow::Error> {
    let id = command.message_id();
    let letters = DeadLetters::new(messaging.clone()).list(1, usize::MAX).await?;
    let own = |(name, value): &(String, String)| name.eq_ignore_ascii_case("ce-id") && *value == id;
    let letter = letters.into_iter().rfind(|letter| letter.headers.iter().any(own));
    Ok(match letter {
        Some(letter) => anyhow::anyhow!(
            "the command is dead letter {} ({}: {}); `waybillctl dead-letters replay {}` tries it again",
            letter.sequence,
            letter.reason,
            letter.error,
            letter.sequence
        ),
        None => anyhow::anyhow!(
            "no outcome within {limit:?}; the command is stored and will be handled: is order-processor running? `waybillctl queues` shows what waits"
        ),
    })
}
