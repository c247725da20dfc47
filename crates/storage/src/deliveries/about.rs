//! What a push is about.

use domain::{OrderId, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::StorageError;
use crate::values::{unreadable, version};

/// What a push is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// An order, at a version.
    Order {
        /// Which.
        order: OrderId,
        /// The version that is announced.
        version: Version,
    },
    /// What a customer wished to hear of.
    Wish(Uuid),
    /// A campaign of the shop's.
    Campaign(Uuid),
}

impl About {
    pub(super) fn read(
        order: Option<(Uuid, i64)>,
        wish: Option<Uuid>,
        campaign: Option<Uuid>,
    ) -> Result<Self, StorageError> {
        match (order, wish, campaign) {
            (Some((order, number)), None, None) => Ok(Self::Order {
                order: OrderId(order),
                version: version(number)?,
            }),
            (None, Some(wish), None) => Ok(Self::Wish(wish)),
            (None, None, Some(campaign)) => Ok(Self::Campaign(campaign)),
            _ => Err(unreadable("subject of a delivery", "none or several")),
        }
    }

    /// The order and its version, where it is about one.
    pub(super) fn order(&self) -> Option<(OrderId, Version)> {
        match self {
            Self::Order { order, version } => Some((*order, *version)),
            Self::Wish(_) | Self::Campaign(_) => None,
        }
    }

    pub(super) fn wish(&self) -> Option<Uuid> {
        match self {
            Self::Wish(wish) => Some(*wish),
            Self::Order { .. } | Self::Campaign(_) => None,
        }
    }

    pub(super) fn campaign(&self) -> Option<Uuid> {
        match self {
            Self::Campaign(campaign) => Some(*campaign),
            Self::Order { .. } | Self::Wish(_) => None,
        }
    }
}
