//! Orders that are to be placed later: schedule, list, read, change, take back.

mod change;
mod create;
mod read;
mod view;

pub(crate) use change::{put, remove};
pub(crate) use create::create;
pub(crate) use read::{list, read};

use actix_web::HttpResponse;
use actix_web::http::header::{self, ETag, EntityTag};
use domain::{Customer, OrderId};
use ordering::{Ordering, ScheduleError, ScheduledOrder};

use crate::auth::Reader;
use crate::problem::{Kind, Problem};
use utoipa::OpenApi;
use view::ScheduledView;

/// What the contract says of it.
#[derive(OpenApi)]
#[openapi(paths(create::create, read::list, read::read, change::put, change::remove))]
pub(crate) struct Operations;

/// The scheduled order that an address names. A malformed id is one that does not exist.
fn id(text: &str) -> Result<OrderId, Problem> {
    text.parse().map_err(|_| Problem::new(Kind::NotFound))
}

/// Which of the reader's customers it belongs to, or did before it was placed.
async fn owner(ordering: &Ordering, reader: &Reader, id: OrderId) -> Result<Customer, Problem> {
    let owner = ordering.scheduled_by(&reader.0, id).await;
    owner
        .map_err(|error| Problem::unavailable(&error))?
        .ok_or_else(|| Problem::new(Kind::NotFound))
}

fn location(id: OrderId) -> String {
    format!("/v1/scheduled-orders/{id}")
}

fn tag(scheduled: &ScheduledOrder) -> EntityTag {
    EntityTag::new_strong(scheduled.version.to_string())
}

/// The scheduled order with its tag.
fn answer(mut response: actix_web::HttpResponseBuilder, scheduled: &ScheduledOrder) -> HttpResponse {
    response
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header(ETag(tag(scheduled)))
        .json(ScheduledView::from(scheduled))
}

impl From<ScheduleError> for Problem {
    fn from(error: ScheduleError) -> Self {
        match error {
            ScheduleError::Past => Self::new(Kind::PlaceAtPast).field("/place_at", "must be still to come"),
            ScheduleError::TooFar => {
                Self::new(Kind::PlaceAtTooFar).field("/place_at", "must be within 365 days from now")
            }
            ScheduleError::QuotaReached { quota } => {
                Self::new(Kind::TooManySchedules).detail(format!("There are {quota} already."))
            }
            ScheduleError::KeyReused => Self::new(Kind::IdempotencyKeyReused),
            ScheduleError::Placed { order } => {
                Self::new(Kind::AlreadyPlaced).header(header::LOCATION, format!("/v1/orders/{order}"))
            }
            ScheduleError::Changed => Self::new(Kind::PreconditionFailed),
            ScheduleError::NotFound => Self::new(Kind::NotFound),
            ScheduleError::Unavailable(_) => Self::unavailable(&error),
        }
    }
}
