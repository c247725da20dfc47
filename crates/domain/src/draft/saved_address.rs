//! An address that a customer keeps for his next orders.

use serde::{Deserialize, Serialize};

use super::findings::Findings;
use super::{DraftAddress, FieldError};
use crate::order::Address;
use crate::text::Text;

/// What an address book takes; its address is that of an order, to be copied as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SavedAddressDraft {
    /// What its owner calls it; empty is nothing.
    #[cfg_attr(
        feature = "openapi",
        schema(max_length = 60, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", examples("Home"))
    )]
    pub label: Option<String>,
    /// Who receives what is sent there.
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
    /// Where it is.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub shipping_address: DraftAddress,
}

/// An entry of an address book. Never in an event, a log or a metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedAddress {
    /// What its owner calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, examples("Home")))]
    pub label: Option<Text<1, 60>>,
    /// Who receives what is sent there.
    #[cfg_attr(feature = "openapi", schema(value_type = String, examples("Ada Lovelace")))]
    pub name: Text<1, 200>,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, examples("+43 1 234567")))]
    pub phone: Option<Text<3, 40>>,
    /// Where it is.
    pub shipping_address: Address,
}

impl SavedAddressDraft {
    /// The entry this draft means.
    ///
    /// # Errors
    /// Every field that is wrong, not only the first.
    pub fn parse(self) -> Result<SavedAddress, Vec<FieldError>> {
        let mut found = Findings::default();
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let label = given(self.label).map(|label| found.one_line("/label", label));
        let name = found.one_line("/name", self.name);
        let phone = given(self.phone).map(|phone| found.one_line("/phone", phone));
        let address = found.address(self.shipping_address);
        match (name, address) {
            (Some(name), Some(shipping_address)) if found.errors.is_empty() => Ok(SavedAddress {
                label: label.flatten(),
                name,
                phone: phone.flatten(),
                shipping_address,
            }),
            _ => Err(found.errors),
        }
    }
}
