//! `POST /v1/wishes`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::WishId;
use registration::to_the_microsecond;
use serde::Deserialize;
use storage::{Storage, Wished};
use utoipa::ToSchema;
use wishes::InvalidWish;

use super::view::View;
use crate::auth::Caller;
use crate::body::JsonBody;
use crate::idempotency::Key;
use crate::problem::{Kind, Problem};

/// What someone wants to hear of.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = WishDraft)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    /// `catalog.added`, `catalog.restocked`, `catalog.price-dropped`, `catalog.price-changed`, `catalog.stock-changed`, `order.` and a state of
    /// one's own orders, or a type of events of either that is to come.
    #[schema(
        pattern = "^(catalog|order)[.][a-z][a-z0-9_-]{0,59}$",
        examples("catalog.restocked")
    )]
    topic: String,
    /// Which of them: a SQL-92 condition on properties of the event. Of products there are `sku`, `name`, `category`, `price_minor`, `currency`,
    /// `available`, `old_price_minor`, `old_available`, `version` and `time`; of orders `order`, `state`, `version`, `total_minor`, `currency`,
    /// `reason`, `refused` and `time`. All events where it is not sent.
    #[serde(default)]
    #[schema(
        max_length = 1024,
        examples("price_minor < 2000 AND category IN ('tea', 'cups')")
    )]
    condition: Option<String>,
}

/// Takes a wish; a retry under the same key finds it there.
#[utoipa::path(
    post,
    path = "/v1/wishes",
    operation_id = "addWish",
    tag = "wishes",
    summary = "Wish to hear of something",
    description = "From the next such event on every device of the customer is told, once for each event however many of the wishes it fulfils. \
                   A customer has at most 200. What is wrong with a condition is said with its line and column.",
    params(("Idempotency-Key" = String, Header)),
    request_body = Draft,
    responses((status = 201, description = "The wish.", body = View, headers(("Location"), ("Idempotent-Replayed")))),
    security(("bearer" = []))
)]
pub(crate) async fn create(
    storage: web::Data<Storage>,
    caller: Caller,
    key: Key,
    draft: JsonBody<Draft>,
) -> Result<HttpResponse, Problem> {
    let draft = draft.0;
    let parsed = wishes::Wish::parse(&draft.topic, draft.condition.as_deref());
    let keys = parsed.map_err(|error| refusal(&error))?.keys();
    let wish = storage::Wish {
        id: WishId::derive(caller.0, &key.0),
        customer: caller.0,
        topic: draft.topic,
        condition: draft.condition,
        created_at: to_the_microsecond(chassis::clock::now()),
    };
    let wished = storage
        .add_wish(&wish, &keys)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    let mut response = HttpResponse::Created();
    let wish = match wished {
        Wished::Added => wish,
        Wished::Same(present) => {
            response.insert_header(("idempotent-replayed", "true"));
            present
        }
        Wished::Other => return Err(Problem::new(Kind::IdempotencyKeyReused)),
        Wished::Full => return Err(Problem::new(Kind::TooManyWishes)),
        Wished::Erased => return Err(crate::auth::refused()),
    };
    Ok(response
        .insert_header((header::LOCATION, format!("/v1/wishes/{}", wish.id)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(View::from(wish)))
}

/// Says what is wrong, and where in the text.
fn refusal(error: &InvalidWish) -> Problem {
    let (pointer, what) = match error {
        InvalidWish::Topic(_) => ("/topic", "The topic"),
        _ => ("/condition", "The condition"),
    };
    Problem::invalid_field(pointer, error.to_string()).detail(format!("{what} can't be taken: {error}."))
}
