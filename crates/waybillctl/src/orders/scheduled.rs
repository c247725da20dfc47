//! `waybillctl orders scheduled` and `orders unschedule`: orders that are to be placed later.

use std::time::Duration;

use anyhow::bail;
use chassis::args::NatsArgs;
use domain::commands::SubmitLine;
use domain::{Customer, OrderAction, OrderId};
use jiff::Timestamp;
use messaging::commands::read_scheduled_command;
use messaging::schedules::Scheduled;
use messaging::{ScheduleError, Schedules};
use serde::Serialize;

use crate::NAME;
use crate::output::{Console, table};

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    nats: NatsArgs,

    /// Only orders of this customer: account:ID or guest:ID.
    #[arg(long, value_name = "CUSTOMER")]
    customer: Option<Customer>,

    /// The most orders to list. Each costs a request.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TakeBackArgs {
    #[command(flatten)]
    nats: NatsArgs,

    /// Which order.
    #[arg(value_name = "ORDER")]
    order: OrderId,
}

/// What is to be ordered, without personal data.
#[derive(Serialize)]
struct Row {
    id: OrderId,
    place_at: Timestamp,
    customer: Customer,
    lines: Vec<SubmitLine>,
}

/// None where it is no order that is scheduled.
fn row(scheduled: &Scheduled) -> Option<Row> {
    let command = read_scheduled_command(&scheduled.message).ok()?;
    let OrderAction::Submit(submit) = command.action else {
        return None;
    };
    Some(Row {
        id: command.order,
        place_at: scheduled.at,
        customer: scheduled.customer,
        lines: submit.lines,
    })
}

pub(crate) async fn list(
    args: &ListArgs,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    let schedules = Schedules::new(args.nats.connect(NAME, connecting).await?);
    let limit = usize::from(args.limit);
    // One more than is shown tells whether there are more.
    let found = match args.customer {
        Some(customer) => schedules.list(customer).await?,
        None => schedules.of_everyone(limit + 1).await?,
    };
    let more = found.len() > limit;
    let mut rows: Vec<_> = found.iter().take(limit).filter_map(row).collect();
    rows.sort_by_key(|row| (row.place_at, row.id));
    console.answer(&rows, || {
        let cells = rows.iter().map(|row| {
            let units = row.lines.iter().map(|line| u32::from(line.quantity.get()));
            [
                row.id.to_string(),
                row.place_at.to_string(),
                row.customer.to_string(),
                units.sum::<u32>().to_string(),
            ]
        });
        let mut text = table(
            ["order", "place at", "customer", "units"],
            cells.collect(),
            "no scheduled orders",
        );
        if more {
            text.push_str("\nthere are more; raise --limit");
        }
        text
    })
}

pub(crate) async fn take_back(
    args: &TakeBackArgs,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    let schedules = Schedules::new(args.nats.connect(NAME, connecting).await?);
    let id = args.order.into();
    let Some(row) = schedules.find(&id).await?.as_ref().and_then(row) else {
        bail!(
            "no order {} is scheduled; `waybillctl orders show {0}` tells whether it was placed",
            args.order
        );
    };
    match schedules.take_back(row.customer, &id, None).await {
        Ok(()) => console.answer(&row, || format!("order {} will not be placed", row.id)),
        Err(ScheduleError::Due { .. } | ScheduleError::NotScheduled) => bail!(
            "order {} is being placed; `waybillctl orders cancel {0}` calls it off",
            row.id
        ),
        Err(error) => Err(error.into()),
    }
}
