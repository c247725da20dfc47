//! `waybillctl orders list`

use std::time::Duration;

use chassis::args::DatabaseArgs;
use domain::{Access, Customer, OrderState};
use storage::OrderFilter;

use crate::NAME;
use crate::output::{Console, or_dash, table};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,

    /// Only orders in this state, e.g. confirmed.
    #[arg(long, value_name = "STATE")]
    state: Option<OrderState>,

    /// Only orders of this customer: account:ID or guest:ID.
    #[arg(long, value_name = "CUSTOMER")]
    customer: Option<Customer>,

    /// The most orders to list.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let access = args.customer.map_or(Access::Staff, Access::Customer);
    let storage = args.database.connect(NAME, connecting).await?;
    let filter = OrderFilter {
        state: args.state,
        ..OrderFilter::default()
    };
    let page = storage.orders(access, &filter, None, args.limit).await?;
    console.answer(&page.orders, || {
        let rows = page.orders.iter().map(|order| {
            [
                order.id.to_string(),
                order.state.to_string(),
                order.version.to_string(),
                or_dash(order.total),
                order.units.to_string(),
                order.submitted_at.to_string(),
            ]
        });
        let mut text = table(
            ["order", "state", "version", "total", "units", "submitted"],
            rows.collect(),
            "no orders",
        );
        if page.next.is_some() {
            text.push_str("\nthere are more; raise --limit");
        }
        text
    })
}
