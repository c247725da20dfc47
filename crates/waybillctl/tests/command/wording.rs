//! The shop's own words, from the command line.

use serde_json::json;

use crate::shop::Shop;

const SET: [&str; 4] = ["push", "templates", "set", "order.confirmed"];

#[tokio::test]
async fn a_template_is_stored_previewed_listed_and_removed() {
    let shop = Shop::unattended().await;
    let preview = ["push", "preview", "order.confirmed", "--locale", "de-AT"];
    let before = shop.json(&preview).await;
    assert_eq!(
        (&before["title"], &before["from"]),
        (
            &json!("Ihre Bestellung ist bestätigt"),
            &json!("the built-in text")
        )
    );
    let own = [
        "--locale",
        "de",
        "--title",
        "Danke!",
        "--body",
        "{$(total) + ' sind bezahlt.'}",
    ];
    shop.good(&[&SET[..], &own].concat()).await;
    let after = shop.json(&preview).await;
    assert_eq!(
        (&after["title"], &after["body"], &after["from"]),
        (
            &json!("Danke!"),
            &json!("12,50 € sind bezahlt."),
            &json!("a stored template")
        )
    );
    let tried = [&preview[..], &["--title", "$(state)", "--body", "x"]].concat();
    assert_eq!(shop.json(&tried).await["title"], "confirmed");
    let listed = shop.json(&["push", "templates", "list"]).await;
    assert_eq!(
        listed,
        json!([{
            "event": "order.confirmed", "app": "*", "platform": "*", "locale": "de",
            "title": "Danke!", "body": "{$(total) + ' sind bezahlt.'}",
        }])
    );
    let remove = ["push", "templates", "remove", "order.confirmed", "--locale", "de"];
    shop.good(&remove).await;
    assert_eq!(shop.json(&preview).await, before);
    assert!(shop.bad(&remove).await.contains("there is no such template"));
}

#[tokio::test]
async fn a_template_that_can_not_be_said_is_refused_with_its_place() {
    let shop = Shop::unattended().await;
    for (title, body, why) in [
        ("$(total", "x", "title: column 8: expected , or )"),
        ("x", "{'a}", "body: column 5: expected ' at the end of the text"),
        ("x", "$(totl)", "body: order.confirmed has no property totl"),
        ("", "x", "title: must be 1 to 200 characters"),
    ] {
        let words = [&SET[..], &["--title", title, "--body", body]].concat();
        let error = shop.bad(&words).await;
        assert!(error.contains(why), "{error}");
    }
    let unknown = shop.bad(&["push", "preview", "order.held"]).await;
    assert!(
        unknown.contains("order.held is no event of an order that is told"),
        "{unknown}"
    );
}

#[tokio::test]
async fn what_a_wish_would_be_told_is_previewed_with_what_is_given() {
    let shop = Shop::unattended().await;
    let properties = r#"{"name": "Green tea", "sku": "green-tea", "available": 3}"#;
    let shown = shop
        .json(&["push", "preview", "catalog.restocked", "--properties", properties])
        .await;
    assert!(
        format!("{} {}", shown["title"], shown["body"]).contains("Green tea"),
        "{shown}"
    );
}
