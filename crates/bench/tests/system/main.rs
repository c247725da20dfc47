//! The real programs, together.
