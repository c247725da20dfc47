//! What was passed, said by the problem that tells of it.

use super::Kind;

impl Kind {
    /// The limit that was passed, where it is the same for everyone.
    pub(super) fn limit(self) -> Option<&'static str> {
        Some(match self {
            Self::BodyTooLarge => "A body has at most 65,536 bytes.",
            Self::HeadersTooLarge => {
                "The names and values of all headers together have at most 16,384 bytes."
            }
            Self::PlaceAtTooFar => "An order can be scheduled for at most 365 days ahead.",
            Self::TooManySchedules => "A customer has at most 20 scheduled orders.",
            Self::TooManyWishes => "A customer has at most 200 wishes.",
            Self::TooManyAddresses => "An address book has at most 20 entries.",
            _ => return None,
        })
    }
}
