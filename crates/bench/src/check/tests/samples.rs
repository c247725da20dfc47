//! A small shop in which every promise holds: tests break one thing of it at a time.

use domain::{
    Actor, CommandId, Currency, Customer, GuestId, Line, Money, OrderEvent, OrderId, OrderState, Version,
};
use jiff::Timestamp;
use storage::audit::{Audit, AuditedOrder, AuditedProduct, AuditedStep};
use uuid::Uuid;

use crate::history::{Record, What};

pub(super) const PRICE: i64 = 450;

pub(super) struct Shop {
    pub(super) history: Vec<Record>,
    pub(super) audit: Audit,
}

pub(super) fn customer(guest: u32) -> Customer {
    Customer::Guest(GuestId(Uuid::from_u128(u128::from(guest) + 1)))
}

pub(super) fn id(guest: u32, key: &str) -> OrderId {
    OrderId::derive(customer(guest), &key.parse().unwrap())
}

pub(super) fn record(guest: u32, key: &str, attempt: u32, what: What) -> Record {
    Record {
        at: Timestamp::UNIX_EPOCH,
        key: key.into(),
        guest,
        attempt,
        what,
    }
}

pub(super) fn attempted(units: i64) -> What {
    What::Attempted {
        lines: vec![("tea".into(), units)],
    }
}

pub(super) fn accepted(guest: u32, key: &str) -> What {
    What::Accepted {
        order: id(guest, key),
        replayed: false,
    }
}

pub(super) fn unknown() -> What {
    What::Unknown {
        why: "no answer".into(),
    }
}

pub(super) fn refused(status: u16, problem: &str) -> What {
    What::Refused {
        status,
        problem: problem.into(),
    }
}

pub(super) fn seen(key: &str, version: u32, state: OrderState) -> What {
    What::Seen {
        order: id(0, key),
        version: Version(version),
        state,
    }
}

pub(super) fn money(minor: i64) -> Money {
    let currency: Currency = "EUR".parse().unwrap();
    Money::new(minor, currency)
}

fn line(units: i64) -> Line {
    Line {
        sku: "tea".parse().unwrap(),
        quantity: units.try_into().unwrap(),
        name: Some("Tea".into()),
        unit_price: Some(money(PRICE)),
        unknown: serde_json::Map::new(),
    }
}

impl Shop {
    /// A hundred units of tea are put in, and nobody orders.
    pub(super) fn empty() -> Self {
        let tea = AuditedProduct {
            sku: "tea".parse().unwrap(),
            available: 100,
            price_minor: PRICE,
            ledger: 100,
            put_in: 100,
            sold: 0,
        };
        Self {
            history: Vec::new(),
            audit: Audit {
                orders: Vec::new(),
                history: Vec::new(),
                products: vec![tea],
            },
        }
    }

    /// Guest 0 orders under `a` (2 units, at the first go), `b` (1 unit, after an attempt without answer); `c` is refused;
    /// guest 1 never learns that his order under `d` (3 units) was taken.
    pub(super) fn whole() -> Self {
        let mut shop = Self::empty();
        shop.history = vec![
            record(0, "a", 1, attempted(2)),
            record(0, "a", 1, accepted(0, "a")),
            record(0, "b", 1, attempted(1)),
            record(0, "b", 1, unknown()),
            record(0, "b", 2, attempted(1)),
            record(0, "b", 2, accepted(0, "b")),
            record(0, "c", 1, attempted(1)),
            record(0, "c", 1, refused(422, "/problems/invalid-input")),
            record(1, "d", 1, attempted(3)),
            record(0, "a", 0, seen("a", 1, OrderState::Submitted)),
            record(0, "a", 0, seen("a", 2, OrderState::Confirmed)),
        ];
        shop.store(0, "a", 2);
        shop.store(0, "b", 1);
        shop.store(1, "d", 3);
        shop
    }

    /// Confirms an order.
    pub(super) fn store(&mut self, guest: u32, key: &str, units: i64) {
        let order = id(guest, key);
        self.audit.orders.push(AuditedOrder {
            id: order,
            version: Version(2),
            state: OrderState::Confirmed,
            customer: customer(guest),
            total: Some(money(PRICE * units)),
            lines: vec![line(units)],
            consistent: true,
        });
        let submission = CommandId::of_submission(order);
        self.step(order, 1, OrderState::Submitted, submission);
        self.step(order, 2, OrderState::Confirmed, submission);
        let tea = self.tea();
        tea.available -= units;
        tea.ledger -= units;
        tea.sold += units;
    }

    /// Adds a row to the history of an order and takes its row along.
    pub(super) fn step(&mut self, order: OrderId, version: u32, state: OrderState, command: CommandId) {
        let stored = self
            .audit
            .orders
            .iter_mut()
            .find(|stored| stored.id == order)
            .unwrap();
        (stored.version, stored.state) = (Version(version), state);
        let customer = stored.customer;
        self.audit.history.push(AuditedStep {
            order,
            version: Version(version),
            command,
            event: OrderEvent {
                order,
                version: Version(version),
                state,
                customer,
                by: Actor::Customer(customer),
                at: Timestamp::UNIX_EPOCH,
                total: None,
                reason: None,
                refused: None,
                erased: false,
            },
        });
    }

    pub(super) fn tea(&mut self) -> &mut AuditedProduct {
        &mut self.audit.products[0]
    }

    pub(super) fn order(&mut self, guest: u32, key: &str) -> &mut AuditedOrder {
        let id = id(guest, key);
        self.audit.orders.iter_mut().find(|order| order.id == id).unwrap()
    }

    /// The row of the history that made this version of guest 0's order.
    pub(super) fn row(&mut self, key: &str, version: u32) -> &mut AuditedStep {
        let id = id(0, key);
        let mut rows = self.audit.history.iter_mut();
        rows.find(|row| row.order == id && row.version == Version(version))
            .unwrap()
    }

    /// Takes the row, the history and the stock of an order away, as if it never was.
    pub(super) fn forget(&mut self, guest: u32, key: &str, units: i64) {
        let id = id(guest, key);
        self.audit.orders.retain(|order| order.id != id);
        self.audit.history.retain(|row| row.order != id);
        let tea = self.tea();
        tea.available += units;
        tea.ledger += units;
        tea.sold -= units;
    }
}
