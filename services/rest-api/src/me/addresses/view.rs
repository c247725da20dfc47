//! An entry as apps see it.

use domain::{AddressId, SavedAddress};
use serde::Serialize;
use storage::accounts::AddressEntry;
use utoipa::ToSchema;

/// An entry of the address book.
#[derive(Serialize, ToSchema)]
#[schema(as = AddressEntry)]
pub(super) struct AddressView<'a> {
    pub(super) id: AddressId,
    #[serde(flatten)]
    pub(super) entry: &'a SavedAddress,
}

impl<'a> From<&'a AddressEntry> for AddressView<'a> {
    fn from(saved: &'a AddressEntry) -> Self {
        Self {
            id: saved.id,
            entry: &saved.entry,
        }
    }
}
