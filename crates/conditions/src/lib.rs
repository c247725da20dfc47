#![doc = include_str!("../README.md")]

mod ast;
mod check;
mod condition;
mod convert;
mod display;
mod equalities;
mod error;
mod evaluate;
mod explain;
mod key;
mod like;
mod parse;
mod properties;
mod value;

pub use condition::{Condition, MAX_CHARACTERS, MAX_DEPTH, MAX_NODES};
pub use equalities::Equality;
pub use error::{ParseError, Position};
pub use explain::Step;
pub use key::Key;
pub use properties::{Properties, Property, Segment};
pub use value::Value;
