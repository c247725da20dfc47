//! An order as a client wrote it, before anything about it was believed.

mod findings;
mod group;
mod saved_address;
mod scheduled;

use findings::Findings;
pub use group::GroupDraft;
pub use saved_address::{SavedAddress, SavedAddressDraft};
pub use scheduled::ScheduledDraft;
use serde::{Deserialize, Serialize};

use crate::access::Customer;
use crate::commands::Submit;

/// What is wrong with one field of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// RFC 6901 pointer to the field: `/lines/0/quantity`.
    pub pointer: String,
    /// What is wrong, in words for the one who sent it.
    pub detail: String,
}

/// The JSON that `POST /v1/orders` takes, and what the order form is read into.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderDraft {
    /// What is wanted.
    #[serde(default)]
    pub lines: Vec<DraftLine>,
    /// Whom to reach.
    #[serde(default)]
    pub contact: DraftContact,
    /// Where it goes.
    #[serde(default)]
    pub shipping_address: DraftAddress,
    /// What the customer wrote; empty is none.
    #[serde(default)]
    pub note: Option<String>,
    /// The total the client has shown.
    #[serde(default)]
    pub expected_total: Option<DraftMoney>,
}

/// One line of a draft.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftLine {
    /// Which product.
    pub sku: String,
    /// How many.
    pub quantity: i64,
}

/// The contact of a draft.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DraftContact {
    /// The customer's name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Telephone number; empty is none.
    pub phone: Option<String>,
}

/// The address of a draft.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DraftAddress {
    /// Street and number.
    pub street: String,
    /// Postal code.
    pub postcode: String,
    /// Town.
    pub city: String,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
}

/// An amount of a draft.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftMoney {
    /// Minor units.
    pub minor: i64,
    /// ISO 4217 code.
    pub currency: String,
}

impl OrderDraft {
    /// The submission this draft means, for `customer`.
    ///
    /// # Errors
    /// Every field that is wrong, not only the first.
    pub fn parse(self, customer: Customer) -> Result<Submit, Vec<FieldError>> {
        let mut found = Findings::default();
        let lines = found.lines(&self.lines);
        let contact = found.contact(self.contact);
        let shipping_address = found.address(self.shipping_address);
        let note = found.optional("/note", self.note);
        let expected_total = self.expected_total.and_then(|total| found.money(&total));
        match (contact, shipping_address) {
            (Some(contact), Some(shipping_address)) if found.errors.is_empty() => Ok(Submit {
                customer,
                lines,
                contact,
                shipping_address,
                note,
                expected_total,
            }),
            _ => Err(found.errors),
        }
    }
}
