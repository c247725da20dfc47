//! How often messages were tried.

use crate::shop::Shop;

#[tokio::test]
async fn what_is_raised_together_is_counted_each_by_itself() {
    let shop = Shop::open().await;
    let message = |stream: &str, sequence| (stream.to_owned(), sequence);
    let all = [message("EVENTS", 7), message("EVENTS", 3), message("ORDERS", 7)];
    let raised = async |messages: &[_]| shop.storage.raise_attempts_of(messages).await.unwrap();
    assert_eq!(raised(&all[1..2]).await, [1]);
    assert_eq!(raised(&all).await, [1, 2, 1]);
    assert_eq!(shop.storage.raise_attempts("EVENTS", 7).await.unwrap(), 2);

    shop.storage.forget_attempts_of(&all[..2]).await.unwrap();
    assert_eq!(raised(&all).await, [1, 1, 2]);
    let twice = [message("EVENTS", 9), message("EVENTS", 9)];
    let refused = shop.storage.raise_attempts_of(&twice).await;
    assert!(refused.is_err(), "one after the other");
}
