#![doc = include_str!("../README.md")]

pub mod access;
pub mod catalog;
pub mod commands;
pub mod decide;
pub mod draft;
pub mod events;
pub mod idempotency;
pub mod ids;
pub mod money;
pub mod order;
pub mod tags;
pub mod text;

pub use access::{Access, Actor, Customer};
pub use catalog::{CatalogAction, CatalogCommand, CatalogEvent, Product};
pub use commands::{OrderAction, OrderCommand, Submit};
pub use draft::{FieldError, GroupDraft, OrderDraft, SavedAddress, SavedAddressDraft, ScheduledDraft};
pub use events::OrderEvent;
pub use idempotency::{Fingerprint, IdempotencyKey};
pub use ids::{
    AccountId, AddressId, CommandId, EventId, GuestId, InstallationId, OrderId, Partition, Version, WishId,
};
pub use money::{Currency, Money};
pub use order::{HistoryEntry, Line, Order, OrderState, Quantity, Reason, ReasonCode, Sku};
pub use tags::{Tag, TagExpression};
pub use text::{Invalid, Text};
