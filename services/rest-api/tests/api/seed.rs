//! The catalog that is put in, as `waybillctl seed` does.

use std::collections::BTreeSet;

use domain::decide::decide_product;
use domain::{Actor, CatalogAction, CatalogCommand, CommandId, Sku};
use serde_json::Value;
use storage::Storage;

pub(crate) async fn seed(storage: &Storage) {
    let products: Vec<Value> =
        serde_json::from_str(include_str!("../../../../crates/waybillctl/seed/products.json")).unwrap();
    let mut transaction = storage.begin(&BTreeSet::new()).await.unwrap();
    for product in products {
        let sku: Sku = product["sku"].as_str().unwrap().parse().unwrap();
        let command = CatalogCommand {
            id: CommandId::for_product(&sku, &"seed".parse().unwrap()),
            sku,
            actor: Actor::Staff("test".to_owned()),
            at: chassis::clock::now(),
            action: CatalogAction::Add(Box::new(serde_json::from_value(product).unwrap())),
        };
        let written = decide_product(None, &command, command.at);
        transaction.write_product(&written).await.unwrap();
    }
    transaction.commit().await.unwrap();
}
