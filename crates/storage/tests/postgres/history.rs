//! The history piece by piece.

use crate::shop::{Shop, at, customer, submit};

#[tokio::test]
async fn slices_hold_every_order_once_by_its_id_and_the_last_has_no_end() {
    let shop = Shop::with_product("assam", 10).await;
    assert_eq!(shop.storage.slice_after(None, 2).await.unwrap().through, None);
    let submissions: Vec<_> = (0..5)
        .map(|number| submit(customer(number), "a", &[("assam", 1)], at(0)))
        .collect();
    let mut expected: Vec<_> = submissions.iter().map(|command| command.order).collect();
    expected.sort();
    shop.handle(submissions, at(1)).await.unwrap();
    for (at_once, slices) in [(1, 5), (2, 3), (5, 1), (6, 1)] {
        let (mut orders, mut count, mut after) = (Vec::new(), 0, None);
        loop {
            let slice = shop.storage.slice_after(after, at_once).await.unwrap();
            let steps = shop.storage.history_of(&slice).await.unwrap();
            assert!(
                expected
                    .iter()
                    .all(|order| { slice.has(*order) == steps.iter().any(|step| step.order == *order) })
            );
            orders.extend(
                steps
                    .iter()
                    .filter(|step| step.version.0 == 1)
                    .map(|step| step.order),
            );
            assert!(steps.iter().all(|step| step.event.order == step.order));
            count += 1;
            match slice.through {
                Some(through) => after = Some(through),
                None => break,
            }
        }
        assert_eq!((&orders, count), (&expected, slices), "{at_once} at once");
    }
    let told = shop.storage.catalog_history().await.unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|event| (event.sku.as_str(), event.verb.as_str()))
        .collect();
    assert_eq!(told, [("assam", "added")]);
}
