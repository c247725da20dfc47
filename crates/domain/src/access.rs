//! Whose an order is, who acts, and who may see.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, GuestId, OrderId};
use crate::text::Invalid;

/// The owner of an order: an account, or a guest's scope. As text `account:<id>` or `guest:<id>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Customer {
    /// Someone who signed up.
    Account(AccountId),
    /// Someone who did not.
    Guest(GuestId),
}

impl fmt::Display for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Guest(id) => write!(f, "guest:{id}"),
        }
    }
}

impl FromStr for Customer {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.split_once(':') {
            Some(("account", id)) => Ok(Self::Account(id.parse()?)),
            Some(("guest", id)) => Ok(Self::Guest(id.parse()?)),
            _ => Err(Invalid::new("must be `account:<id>` or `guest:<id>`")),
        }
    }
}

impl TryFrom<String> for Customer {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<Customer> for String {
    fn from(customer: Customer) -> Self {
        customer.to_string()
    }
}

/// Who acts. As text `account:<id>`, `guest:<id>`, `staff:<name>` or `system:<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Actor {
    /// The customer himself.
    Customer(Customer),
    /// Someone of the shop, by sign-in name.
    Staff(String),
    /// A part of Waybill, by name.
    System(String),
}

impl Actor {
    /// Who takes personal data out of the orders of an erased customer.
    pub fn erasure() -> Self {
        Self::System("erasure".to_owned())
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(customer) => customer.fmt(f),
            Self::Staff(name) => write!(f, "staff:{name}"),
            Self::System(name) => write!(f, "system:{name}"),
        }
    }
}

impl FromStr for Actor {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.split_once(':') {
            Some(("staff", name)) => Ok(Self::Staff(name.to_owned())),
            Some(("system", name)) => Ok(Self::System(name.to_owned())),
            _ => text.parse().map(Self::Customer),
        }
    }
}

impl TryFrom<String> for Actor {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.to_string()
    }
}

/// What a reader has shown: it is part of every query for orders, never an `if` after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// The orders of one customer.
    Customer(Customer),
    /// The orders of an account, the first, and of the guests' scopes that were added to it.
    Customers(Arc<[Customer]>),
    /// The one order whose secret link was shown.
    Link(OrderId),
    /// Every order.
    Staff,
}

impl Access {
    /// Whether the order `id` of `owner` may be seen.
    pub fn covers(&self, id: OrderId, owner: Customer) -> bool {
        match self {
            Self::Customer(customer) => *customer == owner,
            Self::Customers(customers) => customers.contains(&owner),
            Self::Link(order) => *order == id,
            Self::Staff => true,
        }
    }

    /// Whose orders these are, the account first; nobody's in particular for a link and for staff.
    pub fn customers(&self) -> &[Customer] {
        match self {
            Self::Customer(customer) => std::slice::from_ref(customer),
            Self::Customers(customers) => customers,
            Self::Link(_) | Self::Staff => &[],
        }
    }
}
