//! The disjunctive normal form of an expression, by which the database finds devices through its index.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Tag;
use super::expression::Node;

/// The most clauses of an expression.
pub const MAX_CLAUSES: usize = 256;

/// What a device has to have and must not have, all at once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Clause {
    /// Tags that it has, in their order.
    pub all: Vec<Tag>,
    /// Tags that it does not have, in their order.
    pub none: Vec<Tag>,
}

impl Clause {
    /// Whether a device with these tags fits.
    pub fn matches<T: AsRef<str>>(&self, tags: &[T]) -> bool {
        let has = |tag: &Tag| tags.iter().any(|other| other.as_ref() == tag.as_str());
        self.all.iter().all(has) && !self.none.iter().any(has)
    }
}

/// An expression that takes more than [`MAX_CLAUSES`] clauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the expression is too complex: written without parentheses it has more than {} alternatives",
    MAX_CLAUSES
)]
pub struct TooComplex;

/// A clause as two sets of the expression's tags, by their places: there are at most 60.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sets {
    all: u64,
    none: u64,
}

impl Sets {
    const EMPTY: Self = Self { all: 0, none: 0 };

    fn with(self, other: Self) -> Self {
        Self {
            all: self.all | other.all,
            none: self.none | other.none,
        }
    }

    /// Whether it asks for a tag to be there and not to be there.
    fn is_contradiction(self) -> bool {
        self.all & self.none != 0
    }

    /// Whether every device that fits `other` fits this one.
    fn includes(self, other: Self) -> bool {
        self.all & other.all == self.all && self.none & other.none == self.none
    }
}

/// Clauses of which none includes another.
#[derive(Debug, Default)]
struct Clauses(Vec<Sets>);

impl Clauses {
    fn add(&mut self, clause: Sets) -> Result<(), TooComplex> {
        if clause.is_contradiction() || self.0.iter().any(|other| other.includes(clause)) {
            return Ok(());
        }
        self.0.retain(|other| !clause.includes(*other));
        if self.0.len() == MAX_CLAUSES {
            return Err(TooComplex);
        }
        self.0.push(clause);
        Ok(())
    }

    fn any(parts: impl Iterator<Item = Result<Self, TooComplex>>) -> Result<Self, TooComplex> {
        let mut sum = Self::default();
        for part in parts {
            for clause in part?.0 {
                sum.add(clause)?;
            }
        }
        Ok(sum)
    }

    fn all(parts: impl Iterator<Item = Result<Self, TooComplex>>) -> Result<Self, TooComplex> {
        let mut product = Self(vec![Sets::EMPTY]);
        for part in parts {
            let (left, right) = (product, part?);
            product = Self::default();
            for one in &left.0 {
                for other in &right.0 {
                    product.add(one.with(*other))?;
                }
            }
        }
        Ok(product)
    }
}

/// The clauses of `root`; one that everyone fits where there is none.
pub(super) fn of(root: Option<&Node>) -> Result<Vec<Clause>, TooComplex> {
    let mut tags = BTreeSet::new();
    if let Some(root) = root {
        collect(root, &mut tags);
    }
    let tags: Vec<&Tag> = tags.into_iter().collect();
    let sets = match root {
        None => Clauses(vec![Sets::EMPTY]),
        Some(root) => spread(root, false, &tags)?,
    };
    let named = |set: u64| {
        let in_set = |(place, _): &(usize, &&Tag)| set & (1 << place) != 0;
        let tags = tags.iter().enumerate().filter(in_set);
        tags.map(|(_, tag)| (*tag).clone()).collect()
    };
    let clause = |sets: &Sets| Clause {
        all: named(sets.all),
        none: named(sets.none),
    };
    Ok(sets.0.iter().map(clause).collect())
}

fn collect<'a>(node: &'a Node, tags: &mut BTreeSet<&'a Tag>) {
    match node {
        Node::Tag(tag) => {
            tags.insert(tag);
        }
        Node::Not(part) => collect(part, tags),
        Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| collect(part, tags)),
    }
}

/// The clauses of `node`, or of its opposite. Of an opposite the parts' opposites are joined the other way (De Morgan).
fn spread(node: &Node, opposite: bool, tags: &[&Tag]) -> Result<Clauses, TooComplex> {
    match node {
        Node::Tag(tag) => {
            let set = tags.binary_search(&tag).map_or(0, |place| 1 << place);
            let (all, none) = if opposite { (0, set) } else { (set, 0) };
            Ok(Clauses(vec![Sets { all, none }]))
        }
        Node::Not(part) => spread(part, !opposite, tags),
        Node::All(parts) | Node::Any(parts) => {
            let parts = parts.iter().map(|part| spread(part, opposite, tags));
            if matches!(node, Node::All(_)) == opposite {
                Clauses::any(parts)
            } else {
                Clauses::all(parts)
            }
        }
    }
}
