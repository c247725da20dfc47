//! `waybillctl orders show`

use std::time::Duration;

use anyhow::bail;
use domain::{Access, Order, OrderId, OrderState, Reason};
use messaging::DeadLetters;

use crate::NAME;
use crate::args::ServersArgs;
use crate::output::{Console, fields, or_dash, table};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    servers: ServersArgs,

    /// Which order.
    #[arg(value_name = "ORDER")]
    order: OrderId,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = args.servers.database.connect(NAME, connecting).await?;
    if let Some(order) = storage.order(Access::Staff, args.order).await? {
        return console.answer(&order, || text(&order));
    }
    let messaging = args.servers.nats.connect(NAME, connecting).await?;
    if messaging.pending_submission(args.order).await?.is_some() {
        return unprocessed(
            args.order,
            OrderState::Submitted,
            "it waits in ORDERS for order-processor",
            console,
        );
    }
    if let Some(letter) = DeadLetters::new(messaging).of_submission(args.order).await? {
        let why = format!(
            "it is dead letter {} ({}: {})",
            letter.sequence, letter.reason, letter.error
        );
        return unprocessed(args.order, OrderState::Held, &why, console);
    }
    bail!("there is no order {}", args.order)
}

fn unprocessed(
    order: OrderId,
    state: OrderState,
    why: &str,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    let json = serde_json::json!({ "id": order, "version": 1, "state": state, "why": why });
    console.answer(&json, || {
        fields(vec![
            ("order", order.to_string()),
            ("state", state.to_string()),
            ("why", why.to_owned()),
        ])
    })
}

fn text(order: &Order) -> String {
    let address = &order.shipping_address;
    let place = [
        &address.street.to_string(),
        &address.postcode.to_string(),
        &address.city.to_string(),
    ];
    let about = fields(vec![
        ("order", order.id.to_string()),
        ("state", order.state.to_string()),
        ("reason", or_dash(order.reason.as_ref().map(reason))),
        ("version", order.version.to_string()),
        ("customer", order.customer.to_string()),
        ("name", order.contact.name.to_string()),
        ("e-mail", order.contact.email.to_string()),
        ("phone", or_dash(order.contact.phone.as_ref())),
        (
            "address",
            format!("{}, {}", place.map(String::as_str).join(", "), address.country),
        ),
        ("note", or_dash(order.note.as_ref())),
        ("total", or_dash(order.total)),
        ("tracking", or_dash(order.tracking.as_ref())),
        ("submitted", order.submitted_at.to_string()),
    ]);
    [about, lines(order), history(order)].join("\n\n")
}

fn lines(order: &Order) -> String {
    let rows = order.lines.iter().map(|line| {
        let quantity = i64::from(line.quantity).to_string();
        [
            line.sku.to_string(),
            or_dash(line.name.as_ref()),
            quantity,
            or_dash(line.unit_price),
        ]
    });
    table(
        ["sku", "name", "quantity", "unit price"],
        rows.collect(),
        "no lines",
    )
}

fn history(order: &Order) -> String {
    let rows = order.history.iter().map(|entry| {
        let what = match &entry.refused {
            Some(wish) => format!("{wish} refused"),
            None if entry.erased => "erased".to_owned(),
            None => entry.state.to_string(),
        };
        let why = or_dash(entry.reason.as_ref().map(reason));
        [
            entry.version.to_string(),
            what,
            entry.at.to_string(),
            entry.by.to_string(),
            why,
        ]
    });
    table(
        ["version", "what", "when", "by", "why"],
        rows.collect(),
        "no history",
    )
}

/// `out_of_stock (line 1)`: lines are counted from 1 for people.
pub(super) fn reason(reason: &Reason) -> String {
    match reason.line {
        Some(line) => format!("{} (line {})", reason.code, line + 1),
        None => reason.code.to_string(),
    }
}
