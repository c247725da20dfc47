//! `GET /v1/orders`
#![expect(
    unused_qualifications,
    reason = "in what utoipa makes of a handler's parameters"
)]

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::{Money, OrderId, OrderState, Version};
use identity::Cursors;
use jiff::Timestamp;
use ordering::Ordering;
use serde::{Deserialize, Serialize};
use storage::{OrderFilter, OrderSummary};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Reader;
use crate::catalog::page_size;
use crate::cursor;
use crate::problem::Problem;

/// What its cursors are sealed for.
const LIST: &str = "orders";

/// What can be asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// Only orders in this state.
    #[param(value_type = Option<OrderState>)]
    state: Option<String>,
    /// Only orders that changed then or later. A change is seen a moment after its time, so ask again from a minute before the last
    /// `updated_at` that was seen.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-21T03:48:36Z")]
    updated_since: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

/// A page of orders.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderPage)]
pub(crate) struct Page {
    orders: Vec<SummaryView>,
    /// The next page's `cursor`; null on the last one.
    #[schema(required = true)]
    next: Option<String>,
}

/// An order in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderSummary)]
struct SummaryView {
    id: OrderId,
    version: Version,
    state: OrderState,
    /// The sum of its lines, once decided.
    #[schema(required = true)]
    total: Option<Money>,
    /// How many units it has in all.
    units: i64,
    submitted_at: Timestamp,
    updated_at: Timestamp,
}

impl From<OrderSummary> for SummaryView {
    fn from(order: OrderSummary) -> Self {
        Self {
            id: order.id,
            version: order.version,
            state: order.state,
            total: order.total,
            units: order.units,
            submitted_at: order.submitted_at,
            updated_at: order.updated_at,
        }
    }
}

/// The caller's orders, newest first.
#[utoipa::path(
    get,
    path = "/v1/orders",
    operation_id = "listOrders",
    tag = "orders",
    summary = "List own orders",
    description = "Newest first; those accepted a moment ago are among them. All that is asked for has to fit.",
    params(Query),
    responses((status = 200, description = "A page of orders.", body = Page)),
    security(("bearer" = []))
)]
pub(crate) async fn list(
    ordering: web::Data<Ordering>,
    cursors: web::Data<Cursors>,
    reader: Reader,
    query: web::Query<Query>,
) -> Result<HttpResponse, Problem> {
    let limit = page_size(query.limit.as_deref())?;
    let state: Option<OrderState> = match query.state.as_deref().map(str::parse) {
        None => None,
        Some(Ok(state)) => Some(state),
        Some(Err(error)) => return Err(Problem::invalid_field("/state", error.to_string())),
    };
    let filter = OrderFilter {
        state,
        updated_since: query.updated_since.as_deref().map(time).transpose()?,
    };
    let list = cursor::list(LIST, &filter);
    let after = cursor::read(&cursors, &list, query.cursor.as_deref(), ordering::read_cursor)?;
    let page = ordering
        .list(reader.0, &filter, after, limit)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .json(Page {
            orders: page.orders.into_iter().map(SummaryView::from).collect(),
            next: page
                .next
                .map(|position| cursors.seal(&list, &ordering::cursor(position))),
        }))
}

/// RFC 3339.
fn time(text: &str) -> Result<Timestamp, Problem> {
    text.parse().map_err(|_| {
        let detail =
            "must be a time with its offset from UTC, e.g. 2026-03-02T09:00:00Z (a `+` is sent as %2B)";
        Problem::invalid_field("/updated_since", detail)
    })
}
