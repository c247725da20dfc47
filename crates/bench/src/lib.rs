//! load generator, history and checker
