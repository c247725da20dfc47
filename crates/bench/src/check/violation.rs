//! The ways a promise can be broken.

use domain::{CommandId, OrderId, OrderState, Sku, Version};

/// One broken promise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it means")]
pub enum Violation {
    #[error("I1: order {order} was accepted under key {key} and does not exist")]
    Lost { order: OrderId, key: String },
    #[error("I1: order {order} exists more than once")]
    Doubled { order: OrderId },
    #[error("I1: order {order} is still {state}")]
    Unsettled { order: OrderId, state: OrderState },
    #[error("I2: key {key} was answered with different orders: {orders:?}")]
    TwoOrders { key: String, orders: Vec<OrderId> },
    #[error("I2: key {key} was accepted with different bodies")]
    TwoBodies { key: String },
    #[error("I2: order {order} is not what was submitted under key {key}")]
    OtherContent { order: OrderId, key: String },
    #[error("I2: order {order} is stored for another customer than submitted it under key {key}")]
    OtherOwner { order: OrderId, key: String },
    #[error("I2: command {command} took effect on order {order} more than once")]
    EffectTwice { order: OrderId, command: CommandId },
    #[error("I3: nobody submitted order {order}")]
    Stranger { order: OrderId },
    #[error("I3: order {order} was refused under key {key} and exists")]
    RefusedYetStored { order: OrderId, key: String },
    #[error("I5: after version {after} of order {order} its history goes on with {found}")]
    VersionGap {
        order: OrderId,
        after: Version,
        found: Version,
    },
    #[error("I5: order {order} went from {from} to {to} in version {version}")]
    IllegalStep {
        order: OrderId,
        version: Version,
        from: OrderState,
        to: OrderState,
    },
    #[error("I5: order {order} begins as {state}, not as submitted")]
    WrongBeginning { order: OrderId, state: OrderState },
    #[error("I5: row, document and history of order {order} say different things")]
    Torn { order: OrderId },
    #[error("I5: there is history of order {order}, which does not exist")]
    HistoryWithoutOrder { order: OrderId },
    #[error("I5: the reader of key {key} saw order {order} go back from version {from} to {to}")]
    WentBack {
        order: OrderId,
        key: String,
        from: Version,
        to: Version,
    },
    #[error("I5: the reader of key {key} saw order {order} {state} in version {version}, which it never was")]
    SeenNeverStored {
        order: OrderId,
        key: String,
        version: Version,
        state: OrderState,
    },
    #[error("I6: order {order} has a total that is not the sum of its lines")]
    WrongTotal { order: OrderId },
    #[error("I6: order {order} has {sku} at {paid:?}, the catalog at {price}")]
    WrongPrice {
        order: OrderId,
        sku: Sku,
        paid: Option<i64>,
        price: i64,
    },
    #[error("I6: order {order} holds {sku}, which is not in the catalog")]
    UnknownProduct { order: OrderId, sku: Sku },
    #[error("I6: {available} units of {sku} are left")]
    BelowZero { sku: Sku, available: i64 },
    #[error("I6: {available} units of {sku} are left, {ledger} by the ledger")]
    WrongLedger { sku: Sku, available: i64, ledger: i64 },
    #[error("I6: of {sku} {sold} units sold and {available} left are not the {put_in} put in")]
    UnitsVanished {
        sku: Sku,
        put_in: i64,
        sold: i64,
        available: i64,
    },
    #[error("I6: {sold} units of {sku} are sold by the ledger, orders hold {held}")]
    SoldNotHeld { sku: Sku, sold: i64, held: i64 },
}
