//! Several orders of one request, as a client wrote them.

use serde::Deserialize;

use super::{FieldError, OrderDraft};
use crate::access::Customer;
use crate::commands::Submit;

/// The fewest orders that a group may have.
const MIN_GROUP: usize = 2;
/// The most orders that a group may have.
const MAX_GROUP: usize = 10;

/// The JSON that `POST /v1/order-groups` takes: a cart that was split, by supplier, say.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GroupDraft {
    /// The orders: 2 to 10.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true, min_items = 2, max_items = 10))]
    pub orders: Vec<OrderDraft>,
}

impl GroupDraft {
    /// The submissions that the drafts mean, in their order, for `customer`.
    ///
    /// # Errors
    /// Every field that is wrong, of every draft.
    pub fn parse(self, customer: Customer) -> Result<Vec<Submit>, Vec<FieldError>> {
        if !(MIN_GROUP..=MAX_GROUP).contains(&self.orders.len()) {
            return Err(vec![FieldError {
                pointer: "/orders".into(),
                detail: format!("must have {MIN_GROUP} to {MAX_GROUP} orders"),
            }]);
        }
        let (mut submits, mut errors) = (Vec::new(), Vec::new());
        for (index, draft) in self.orders.into_iter().enumerate() {
            match draft.parse(customer) {
                Ok(submit) => submits.push(submit),
                Err(wrong) => errors.extend(wrong.into_iter().map(|error| FieldError {
                    pointer: format!("/orders/{index}{}", error.pointer),
                    ..error
                })),
            }
        }
        if errors.is_empty() {
            Ok(submits)
        } else {
            Err(errors)
        }
    }
}
