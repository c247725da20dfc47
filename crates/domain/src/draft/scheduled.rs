//! An order that is to be placed later, as a client wrote it.

use jiff::Timestamp;
use serde::Deserialize;

use super::{DraftAddress, DraftContact, DraftLine, DraftMoney, FieldError, OrderDraft};
use crate::access::Customer;
use crate::commands::Submit;

/// The JSON that `POST /v1/scheduled-orders` takes: that of an order, and when it is to be placed.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ScheduledDraft {
    /// When it is to be placed: RFC 3339, with its offset from UTC.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true, format = DateTime, examples("2027-03-02T09:00:00+01:00")))]
    pub place_at: String,
    /// What is wanted.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true, min_items = 1, max_items = 100))]
    pub lines: Vec<DraftLine>,
    /// Whom to reach.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub contact: DraftContact,
    /// Where it goes.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub shipping_address: DraftAddress,
    /// What the customer wrote; empty is none.
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        schema(
            max_length = 2000,
            pattern = "^[^\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f]*$",
            examples("Please ring twice.")
        )
    )]
    pub note: Option<String>,
    /// The total the client has shown.
    #[serde(default)]
    pub expected_total: Option<DraftMoney>,
}

impl ScheduledDraft {
    /// The submission this draft means, for `customer`, and when it is to be made. Whether that time is still to come is not asked here.
    ///
    /// # Errors
    /// Every field that is wrong, not only the first.
    pub fn parse(self, customer: Customer) -> Result<(Submit, Timestamp), Vec<FieldError>> {
        let at = self.place_at.trim().parse::<Timestamp>().map_err(|_| FieldError {
            pointer: "/place_at".into(),
            detail: "must be a time with its offset from UTC, e.g. 2026-03-02T09:00:00+01:00".into(),
        });
        let order = OrderDraft {
            lines: self.lines,
            contact: self.contact,
            shipping_address: self.shipping_address,
            note: self.note,
            expected_total: self.expected_total,
        };
        match (order.parse(customer), at) {
            (Ok(submit), Ok(at)) => Ok((submit, at)),
            (Ok(_), Err(error)) => Err(vec![error]),
            (Err(errors), at) => Err(errors.into_iter().chain(at.err()).collect()),
        }
    }
}
