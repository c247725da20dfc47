//! A wish as apps see it.

use domain::WishId;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// What someone wants to hear of.
#[derive(Serialize, ToSchema)]
#[schema(as = Wish)]
pub(crate) struct View {
    id: WishId,
    topic: String,
    /// As it was written; null for all events of the topic.
    #[schema(required = true)]
    condition: Option<String>,
    /// Whether there are events of the topic today. False may be a slip of the pen, or something that is to come.
    known: bool,
    created_at: Timestamp,
}

impl From<storage::Wish> for View {
    fn from(wish: storage::Wish) -> Self {
        Self {
            id: wish.id,
            known: wishes::Topic::parse(&wish.topic).is_ok_and(|topic| topic.is_known()),
            topic: wish.topic,
            condition: wish.condition,
            created_at: wish.created_at,
        }
    }
}
