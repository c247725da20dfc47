//! Identifiers. Those of orders and commands are derived, so that a retry names the same thing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::access::Customer;
use crate::idempotency::IdempotencyKey;
use crate::text::Invalid;

/// UUID v8 (RFC 9562) from the SHA-256 of `parts`, each preceded by its length.
fn derived(purpose: &str, parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::new_v8(bytes)
}

/// An order. Derived from its customer and the Idempotency-Key of its submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid, examples("5f0c2a5e-9d0b-8c7a-b1de-2f6f3f0f6a11")))]
#[serde(transparent)]
pub struct OrderId(pub Uuid);

impl OrderId {
    /// The id that every submission by `customer` under `key` has, today or in a year.
    pub fn derive(customer: Customer, key: &IdempotencyKey) -> Self {
        Self(derived(
            "order",
            &[customer.to_string().as_bytes(), key.as_str().as_bytes()],
        ))
    }

    /// The id of the order at `place`, from 0, of those that `customer` submits as one group under `key`. No order that is submitted alone has it.
    pub fn derive_in_group(customer: Customer, key: &IdempotencyKey, place: usize) -> Self {
        let place = (place as u64).to_be_bytes();
        Self(derived(
            "order of a group",
            &[customer.to_string().as_bytes(), key.as_str().as_bytes(), &place],
        ))
    }

    /// The partition all of its commands share.
    pub fn partition(self) -> Partition {
        let digest = Sha256::digest(self.0.as_bytes());
        Partition(digest[0] % Partition::COUNT)
    }
}

/// One of the [`Partition::COUNT`] parts that orders are spread over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition(u8);

impl Partition {
    /// How many partitions there are.
    pub const COUNT: u8 = 8;

    /// All of them, in ascending order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    /// Its number, from 0.
    pub fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Partition {
    /// `p03`, as it stands in subjects.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{:02}", self.0)
    }
}

impl FromStr for Partition {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::all()
            .find(|partition| partition.to_string() == text)
            .ok_or_else(|| Invalid::new("must be a partition from p00 to p07"))
    }
}

/// A command. For a submission the order's own UUID; for every other derived from the order and the Idempotency-Key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(pub Uuid);

impl CommandId {
    /// The id of the command that submits `order`.
    pub fn of_submission(order: OrderId) -> Self {
        Self(order.0)
    }

    /// The id of a later command on `order` that was sent under `key`.
    pub fn derive(order: OrderId, key: &IdempotencyKey) -> Self {
        Self(derived("command", &[order.0.as_bytes(), key.as_str().as_bytes()]))
    }

    /// The id of the command that takes the personal data out of `order`.
    pub fn of_erasure(order: OrderId) -> Self {
        Self(derived("erasure", &[order.0.as_bytes()]))
    }

    /// The id of a command on the product `sku` that was sent under `key`.
    pub fn for_product(sku: &crate::order::Sku, key: &IdempotencyKey) -> Self {
        Self(derived(
            "product",
            &[sku.as_str().as_bytes(), key.as_str().as_bytes()],
        ))
    }
}

/// The one number that orders everything about an order: 1 is `submitted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = u32, minimum = 1, examples(2)))]
#[serde(transparent)]
pub struct Version(pub u32);

impl Version {
    /// The version of an order that is accepted and not yet decided.
    pub const FIRST: Self = Self(1);

    /// The version after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// `<order id>:<version>`: the id of the event that announces that version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventId {
    /// The order.
    pub order: OrderId,
    /// The version it reached.
    pub version: Version,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.order, self.version)
    }
}

impl FromStr for EventId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("must be `<order id>:<version>`");
        let (order, version) = text.split_once(':').ok_or_else(invalid)?;
        let version = version.parse().map_err(|_| invalid())?;
        Ok(Self {
            order: order.parse()?,
            version: Version(version),
        })
    }
}

/// A guest's scope: minted once, carried in a signed token or cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GuestId(pub Uuid);

/// An account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid, examples("018f6f0c-3a63-7c1e-9b0a-2f6f3f0f6a11")))]
#[serde(transparent)]
pub struct AccountId(pub Uuid);

/// An entry of an account's address book. Derived from the account and the Idempotency-Key it was made under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid, examples("7a1f0c2e-5d0b-8c7a-b1de-2f6f3f0f6a12")))]
#[serde(transparent)]
pub struct AddressId(pub Uuid);

impl AddressId {
    /// The id of the entry that every request of `account` under `key` makes.
    pub fn derive(account: AccountId, key: &IdempotencyKey) -> Self {
        Self(derived(
            "address",
            &[account.0.as_bytes(), key.as_str().as_bytes()],
        ))
    }
}

/// What a customer wants to hear of. Derived from the customer and the Idempotency-Key it was made under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid, examples("3c9e4f10-6a7b-8d21-9f34-5b6c7d8e9f01")))]
#[serde(transparent)]
pub struct WishId(pub Uuid);

impl WishId {
    /// The id of the wish that every request of `customer` under `key` makes.
    pub fn derive(customer: Customer, key: &IdempotencyKey) -> Self {
        Self(derived(
            "wish",
            &[customer.to_string().as_bytes(), key.as_str().as_bytes()],
        ))
    }
}

/// An app on a device; the device makes the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid, examples("0b7f6c1e-3c5d-4f5e-8a55-6a2c7d9f0e42")))]
#[serde(transparent)]
pub struct InstallationId(pub Uuid);

macro_rules! display_as_inner {
    ($($name:ty),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                text.parse().map(Self).map_err(|_| Invalid::new("is not a well-formed id"))
            }
        }
    )*};
}
display_as_inner!(
    OrderId,
    CommandId,
    Version,
    GuestId,
    AccountId,
    AddressId,
    WishId,
    InstallationId
);
