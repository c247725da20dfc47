//! What a subscription is called, and which subjects it is about.

use std::fmt;
use std::str::FromStr;

const LONGEST_NAME: usize = 60;
const ROOT: &str = "events";
/// `events.<entity>.<verb>.<id>`
const TOKENS: usize = 4;

/// The name of a subscription: 1 to 60 small letters, digits or `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionName(String);

/// Subjects of `EVENTS`: `events.order.>`, `events.*.shipped.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(String);

/// A text that is no name or no filter, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(&'static str);

impl FromStr for SubscriptionName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=LONGEST_NAME).contains(&text.len()) && text.chars().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid(
                "the name of a subscription has 1 to 60 small letters, digits or `-`",
            ))
        }
    }
}

impl fmt::Display for SubscriptionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Filter {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let tokens: Vec<_> = text.split('.').collect();
        let plain = |token: &str| {
            !token.is_empty()
                && !token.contains(|c: char| c.is_whitespace() || c.is_control() || "*>".contains(c))
        };
        let last = tokens.len() - 1;
        let wildcards_fit = tokens
            .iter()
            .enumerate()
            .all(|(index, token)| plain(token) || *token == "*" || (*token == ">" && index == last));
        let reaches = if text.ends_with(".>") {
            tokens.len() <= TOKENS
        } else {
            tokens.len() == TOKENS
        };
        if tokens[0] == ROOT && wildcards_fit && reaches {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid(
                "a filter is of the form events.<entity>.<verb>.<id>, with `*` for any one part or `>` for all the rest",
            ))
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, SubscriptionName};

    #[test]
    fn a_filter_is_about_events_and_nothing_else() {
        for good in [
            "events.>",
            "events.order.>",
            "events.*.shipped.*",
            "events.order.shipped.1",
            "events.a.b.>",
        ] {
            assert!(good.parse::<Filter>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "events",
            ">",
            "orders.>",
            "events.order",
            "events.order.*",
            "events..>",
            "events.>.a",
            "events.a*.>",
            "events.a b.>",
            "events.a.b.c.d",
            "events.a.b.c.>",
        ] {
            assert!(bad.parse::<Filter>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_can_stand_in_a_subject() {
        assert!("shipped-to-erp-2".parse::<SubscriptionName>().is_ok());
        for bad in ["", "a.b", "*", ">", "A", "a b", "ä", &"x".repeat(61)] {
            assert!(bad.parse::<SubscriptionName>().is_err(), "{bad}");
        }
    }
}
