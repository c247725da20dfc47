//! Customers who wish, and products that change.

use chassis::clock;
use devstack::testing::eventually;
use domain::catalog::ProductWas;
use domain::{Actor, CatalogEvent, CommandId, Customer, Money, Version, WishId};
use messaging::events;
use push_sandbox::Delivery;
use storage::{Wish, Wished};

use crate::shop::{Owned, Shop};

pub(crate) fn eur(minor: i64) -> Money {
    Money::new(minor, "EUR".parse().unwrap())
}

/// A product of the category `tea` was changed from what it was: so many for so much.
pub(crate) fn changed(verb: &str, was: (i64, i64), price: i64, available: i64) -> CatalogEvent {
    CatalogEvent {
        sku: "sencha".parse().unwrap(),
        verb: verb.into(),
        version: Version(3),
        price: eur(price),
        available,
        name: Some("Sencha".parse().unwrap()),
        category: Some("tea".parse().unwrap()),
        was: Some(ProductWas {
            price: eur(was.0),
            available: was.1,
        }),
        by: Actor::Staff("sam".into()),
        at: clock::now(),
        reason: None,
        command: CommandId(clock::random_id()),
    }
}

/// Tea at 12.50 € is there again.
pub(crate) fn restock() -> CatalogEvent {
    changed("stock-changed", (1250, 0), 1250, 5)
}

impl Shop {
    /// Makes a wish as the front door does.
    pub(crate) async fn wish(&self, customer: Customer, topic: &str, condition: Option<&str>) -> WishId {
        let keys = ::wishes::Wish::parse(topic, condition).unwrap().keys();
        self.wish_under(customer, topic, condition, &keys).await
    }

    pub(crate) async fn wish_under(
        &self,
        customer: Customer,
        topic: &str,
        condition: Option<&str>,
        keys: &[i64],
    ) -> WishId {
        let wish = Wish {
            id: WishId(clock::random_id()),
            customer,
            topic: topic.into(),
            condition: condition.map(str::to_owned),
            created_at: clock::now(),
        };
        assert_eq!(self.storage.add_wish(&wish, keys).await.unwrap(), Wished::Added);
        wish.id
    }

    pub(crate) async fn tell(&self, event: &CatalogEvent) {
        self.send(&events::catalog_event_message(event, "order-processor"))
            .await;
    }

    /// What arrived at the device, once there is something.
    pub(crate) async fn heard(&self, device: &Owned) -> Vec<Delivery> {
        eventually("a push", async || {
            Some(self.arrived(device)).filter(|arrived| !arrived.is_empty())
        })
        .await
    }

    pub(crate) fn arrived(&self, device: &Owned) -> Vec<Delivery> {
        self.providers.arrived_at(&device.device)
    }
}
