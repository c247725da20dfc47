//! Each way a promise can be broken is found, and named as what it is.

mod samples;
mod stock;
mod submissions;
mod versions;

use domain::CommandId;
use samples::Shop;
use uuid::Uuid;

use super::{Expectations, Violation, check};

fn found(shop: &Shop) -> Vec<Violation> {
    check(&shop.history, &shop.audit, Expectations::default())
}

/// The whole shop after `change`.
fn after(change: impl FnOnce(&mut Shop)) -> Vec<Violation> {
    let mut shop = Shop::whole();
    change(&mut shop);
    found(&shop)
}

fn other_command() -> CommandId {
    CommandId(Uuid::from_u128(99))
}

#[test]
fn where_every_promise_holds_nothing_is_found() {
    assert_eq!(found(&Shop::whole()), []);
    assert_eq!(found(&Shop::empty()), []);
}
