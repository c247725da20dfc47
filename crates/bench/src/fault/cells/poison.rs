//! What can't be handled lies among the orders.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use chassis::clock;
use devstack::Part;
use domain::{Customer, GuestId, OrderCommand, OrderId};
use messaging::commands::order_message;

use super::stack_with;
use crate::fault::shop::{ctl, dead_letters};
use crate::fault::{DEADLY_NOTE, Drill, Outcome, Settings, die_until, eventually, messaging};
use crate::{Answer, shopping};

const UNREADABLE: usize = 3;

/// Unreadable commands and one that kills its processor become dead letters, others flow, and a replay decides what can be decided.
pub(super) async fn among_orders(settings: Settings) -> Result<Outcome> {
    let settings = settings.lasting(Duration::from_secs(75));
    let drill = Drill::start(stack_with(&[])?, settings)
        .await?
        .mortal(&[Part::OrderProcessor])
        .with_letters();
    let poisoned = async |drill: &Drill| {
        drill.stack.terminate(Part::OrderProcessor).await?;
        unreadable(drill).await?;
        let lines = [("earl-grey-bergamot".to_owned(), 1)];
        let answer = drill.send_noted("poison", &lines, DEADLY_NOTE).await;
        let Answer::Accepted { order, .. } = answer else {
            bail!("the poison is not accepted: {answer:?}");
        };
        let deaths = die_until(&drill.stack, async || {
            Ok(!letters(drill, "attempts_exhausted").await?.is_empty())
        })
        .await?;
        drill.note(format!("{deaths} processors died of it"));
        drill.must((5..=7).contains(&deaths), || {
            format!("{deaths} deaths until it was given up")
        });
        drill.stack.start_part(Part::OrderProcessor).await?;
        let letters = letters(drill, "undecodable").await?;
        drill.must(letters.len() == UNREADABLE, || {
            format!("{} undecodable letters", letters.len())
        });
        for number in self::letters(drill, "attempts_exhausted").await? {
            ctl(&drill.stack, ["dead-letters", "replay", &number]).await?;
        }
        eventually("the replayed order to be decided", settings.long, async || {
            let state = drill
                .stack
                .psql(&format!("SELECT state FROM orders WHERE id = '{order}'"))
                .ok()?;
            ["confirmed", "rejected"].contains(&state.as_str()).then_some(())
        })
        .await
    };
    drill.under_load(poisoned).await
}

/// The numbers of the letters given up for this reason.
async fn letters(drill: &Drill, reason: &str) -> Result<Vec<String>> {
    let letters = dead_letters(&drill.stack).await?;
    let ours = letters.iter().filter(|letter| letter["reason"] == reason);
    Ok(ours.map(|letter| letter["sequence"].to_string()).collect())
}

/// Publishes submissions whose bodies are no JSON.
async fn unreadable(drill: &Drill) -> Result<()> {
    let messaging = messaging(&drill.stack).await?;
    for _ in 0..UNREADABLE {
        let customer = Customer::Guest(GuestId(clock::random_id()));
        let id = OrderId::derive(customer, &"mine".parse()?);
        let draft = shopping::draft(&[("earl-grey-bergamot".to_owned(), 1)]);
        let draft = draft
            .parse(customer)
            .ok()
            .context("the shop takes no such order")?;
        let command = OrderCommand::submit(id, draft, clock::now());
        let mut message = order_message(&command, "bench", None);
        message.body = Bytes::from_static(b"{\"lines\": [");
        messaging.publish(&message).await?;
    }
    Ok(())
}
