//! What staff do to a product: put it up for sale, price it, change its stock.

use jiff::Timestamp;

use super::{ProductWritten, StockChange};
use crate::access::Actor;
use crate::catalog::{
    AddProduct, CatalogAction, CatalogCommand, CatalogEvent, ChangePrice, ChangeStock, Product, ProductWas,
};
use crate::ids::Version;
use crate::money::{Currency, Money};

/// What an accepted command makes of its product.
struct Accepted {
    product: Product,
    verb: &'static str,
    /// Units put in or taken out; none where the command does not touch the stock.
    delta: Option<i64>,
}

/// Decides one command on a product, given the product as stored.
///
/// A refusal says why in the event's `reason`: `not_staff`, `exists`, `unknown_product`, `stale_version`, `negative_price`, `negative_stock`
/// or `stock_too_large`.
pub fn decide_product(stored: Option<&Product>, command: &CatalogCommand, now: Timestamp) -> ProductWritten {
    let outcome = match (&command.actor, &command.action, stored) {
        (Actor::Customer(_), ..) => Err("not_staff"),
        (_, CatalogAction::Add(_), Some(_)) => Err("exists"),
        (_, CatalogAction::Add(add), None) => added(command, add),
        (_, _, None) => Err("unknown_product"),
        (_, CatalogAction::Price(change), Some(product)) => priced(product, change),
        (_, CatalogAction::Stock(change), Some(product)) => stocked(product, change),
    };
    match outcome {
        Ok(accepted) => accept(stored, command, accepted, now),
        Err(reason) => refuse(stored, command, reason, now),
    }
}

fn added(command: &CatalogCommand, add: &AddProduct) -> Result<Accepted, &'static str> {
    not_negative(add.price)?;
    if add.stock < 0 {
        return Err("negative_stock");
    }
    let product = Product {
        sku: command.sku.clone(),
        version: Version::FIRST,
        name: add.name.clone(),
        description: add.description.clone(),
        category: add.category.clone(),
        price: add.price,
        available: add.stock,
        picture: add.picture.clone(),
    };
    Ok(Accepted {
        product,
        verb: "added",
        delta: Some(add.stock),
    })
}

fn priced(stored: &Product, change: &ChangePrice) -> Result<Accepted, &'static str> {
    not_negative(change.price)?;
    if change.version != stored.version {
        return Err("stale_version");
    }
    let product = Product {
        price: change.price,
        version: stored.version.next(),
        ..stored.clone()
    };
    Ok(Accepted {
        product,
        verb: "price-changed",
        delta: None,
    })
}

fn stocked(stored: &Product, change: &ChangeStock) -> Result<Accepted, &'static str> {
    let available = stored
        .available
        .checked_add(change.delta)
        .ok_or("stock_too_large")?;
    if available < 0 {
        return Err("negative_stock");
    }
    let product = Product {
        available,
        ..stored.clone()
    };
    Ok(Accepted {
        product,
        verb: "stock-changed",
        delta: Some(change.delta),
    })
}

fn not_negative(price: Money) -> Result<(), &'static str> {
    if price.minor < 0 {
        Err("negative_price")
    } else {
        Ok(())
    }
}

fn accept(
    stored: Option<&Product>,
    command: &CatalogCommand,
    accepted: Accepted,
    now: Timestamp,
) -> ProductWritten {
    let Accepted { product, verb, delta } = accepted;
    let change = |delta| StockChange {
        sku: command.sku.clone(),
        delta,
        command: command.id,
        order: None,
    };
    let event = CatalogEvent {
        sku: command.sku.clone(),
        verb: verb.to_owned(),
        version: product.version,
        price: product.price,
        available: product.available,
        name: Some(product.name.clone()),
        category: Some(product.category.clone()),
        was: stored.map(|stored| ProductWas {
            price: stored.price,
            available: stored.available,
        }),
        by: command.actor.clone(),
        at: now,
        reason: None,
        command: command.id,
    };
    ProductWritten {
        stock: delta.map(change),
        product: Some(product),
        event,
    }
}

fn refuse(
    stored: Option<&Product>,
    command: &CatalogCommand,
    reason: &str,
    now: Timestamp,
) -> ProductWritten {
    let event = CatalogEvent {
        sku: command.sku.clone(),
        verb: "refused".to_owned(),
        // A product that is not there has no version, and its price is in no currency.
        version: stored.map_or(Version(0), |product| product.version),
        price: stored.map_or(Money::new(0, Currency::NONE), |product| product.price),
        available: stored.map_or(0, |product| product.available),
        name: stored.map(|product| product.name.clone()),
        category: stored.map(|product| product.category.clone()),
        was: None,
        by: command.actor.clone(),
        at: now,
        reason: Some(reason.to_owned()),
        command: command.id,
    };
    ProductWritten {
        product: None,
        stock: None,
        event,
    }
}
