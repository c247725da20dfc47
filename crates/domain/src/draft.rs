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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// RFC 6901 pointer to the field: `/lines/0/quantity`.
    #[cfg_attr(feature = "openapi", schema(examples("/lines/0/quantity")))]
    pub pointer: String,
    /// What is wrong, in words for the one who sent it.
    #[cfg_attr(feature = "openapi", schema(examples("must be a number from 1 to 999")))]
    pub detail: String,
}

/// The JSON that `POST /v1/orders` takes, and what the order form is read into.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OrderDraft {
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

/// One line of a draft.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DraftLine {
    /// Which product.
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = "^[a-z0-9-]{1,64}$", examples("honey-acacia"))
    )]
    pub sku: String,
    /// How many.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 999, examples(2)))]
    pub quantity: i64,
}

/// The contact of a draft.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct DraftContact {
    /// The customer's name.
    #[cfg_attr(
        feature = "openapi",
        schema(
            required = true,
            min_length = 1,
            max_length = 200,
            pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
            examples("Ada Lovelace")
        )
    )]
    pub name: String,
    /// E-mail address.
    #[cfg_attr(
        feature = "openapi",
        schema(
            required = true,
            min_length = 3,
            max_length = 254,
            pattern = "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$",
            examples("ada@example.org")
        )
    )]
    pub email: String,
    /// Telephone number; empty is none.
    #[cfg_attr(
        feature = "openapi",
        schema(
            max_length = 40,
            pattern = "^([^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]+[^\\s\\x00-\\x1f\\x7f-\\x9f])?$",
            examples("+43 1 234567")
        )
    )]
    pub phone: Option<String>,
}

/// The address of a draft.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct DraftAddress {
    /// Street and number.
    #[cfg_attr(
        feature = "openapi",
        schema(
            required = true,
            min_length = 1,
            max_length = 200,
            pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
            examples("Ring 1")
        )
    )]
    pub street: String,
    /// Postal code.
    #[cfg_attr(
        feature = "openapi",
        schema(
            required = true,
            min_length = 1,
            max_length = 20,
            pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
            examples("1010")
        )
    )]
    pub postcode: String,
    /// Town.
    #[cfg_attr(
        feature = "openapi",
        schema(
            required = true,
            min_length = 1,
            max_length = 100,
            pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
            examples("Wien")
        )
    )]
    pub city: String,
    /// ISO 3166-1 alpha-2 code.
    #[cfg_attr(
        feature = "openapi",
        schema(required = true, pattern = "^[A-Z]{2}$", examples("AT"))
    )]
    pub country: String,
}

/// An amount of a draft.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DraftMoney {
    /// Minor units.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, examples(1250)))]
    pub minor: i64,
    /// ISO 4217 code.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Z]{3}$", examples("EUR")))]
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
