//! Ordering, and seeing what one ordered.

use devstack::testing::eventually;
use reqwest::StatusCode;

use crate::support::{Site, Visitor, location, set};

#[tokio::test]
async fn a_shopper_orders_and_reads_that_we_have_it() {
    let site = Site::open().await;
    let mut shopper = Visitor::new(&site);
    let catalog = shopper.get("/").await.text().await.unwrap();
    assert!(
        catalog.contains("Acacia Honey")
            && catalog.contains("€8.90")
            && catalog.contains("/assets/products/honey-acacia.svg")
    );
    let address = shopper
        .order("quantity.honey-acacia=2&quantity.week-planner=&quantity.brass-sharpener=0")
        .await;

    let page = shopper.get(&address).await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    assert!(
        page.contains("We have your order") && page.contains("Acacia Honey") && page.contains("Ada Lovelace"),
        "{page}"
    );

    let mut someone = Visitor::new(&site);
    let by_link = someone.get(&address).await;
    assert_eq!(
        by_link.status(),
        StatusCode::OK,
        "whoever has the link sees the order"
    );
    let path = address.split('?').next().unwrap();
    assert_eq!(
        shopper.get(path).await.status(),
        StatusCode::OK,
        "its customer needs no secret"
    );
    for stranger in [
        path.to_owned(),
        format!("{path}?secret=AAAAAAAAAAAAAAAAAAAAAA"),
        format!("{path}/events"),
    ] {
        assert_eq!(
            someone.get(&stranger).await.status(),
            StatusCode::NOT_FOUND,
            "{stranger}"
        );
    }
    site.close().await;
}

#[tokio::test]
async fn the_same_form_sent_twice_is_one_order() {
    let site = Site::open().await;
    let mut shopper = Visitor::new(&site);
    let form = shopper.fill("quantity.honey-acacia=1").await;
    let first = shopper.post("/orders", &form).await;
    let second = shopper.post("/orders", &form).await;
    assert_eq!(first.status(), StatusCode::SEE_OTHER);
    assert_eq!(location(&first), location(&second));

    let mut changed = form.clone();
    set(&mut changed, "quantity.honey-acacia", "3");
    let answer = shopper.post("/orders", &changed).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(
        page.contains("You have sent this form before") && page.contains(&location(&first)),
        "{page}"
    );
    site.close().await;
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost() {
    let site = Site::open().await;
    let mut shopper = Visitor::new(&site);
    for choice in [
        "quantity.honey-acacia=0",
        "quantity.honey-acacia=1000000",
        "quantity.honey-acacia=x",
    ] {
        let answer = shopper.get(&format!("/checkout?{choice}")).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{choice}");
        let page = answer.text().await.unwrap();
        assert!(
            page.contains(r#"id="e-honey-acacia">Please enter a number from 1 to 999."#),
            "{choice}"
        );
    }
    for quantity in ["0", "1000000"] {
        let mut form = shopper.fill("quantity.honey-acacia=1").await;
        set(&mut form, "quantity.honey-acacia", quantity);
        set(&mut form, "email", "nonsense");
        set(&mut form, "street", " ");
        let answer = shopper.post("/orders", &form).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = answer.text().await.unwrap();
        assert!(page.contains("Please enter a number from 1 to 999"), "{page}");
        assert!(page.contains("Your e-mail address must"), "{page}");
        assert!(page.contains("Please enter your street and number."), "{page}");
        assert!(
            page.contains("Ada Lovelace") && page.contains("nonsense"),
            "{page}"
        );
    }
    site.close().await;
}

#[tokio::test]
async fn an_order_is_confirmed_cancelled_and_listed() {
    let mut site = Site::open().await;
    site.start_processor();
    let mut shopper = Visitor::new(&site);
    let address = shopper.order("quantity.honey-acacia=2").await;
    let page = wait_for(&mut shopper, &address, ">Confirmed</h1>").await;
    assert!(page.contains("€17.80"), "{page}");

    let form = crate::support::inputs(&page);
    let path = address.replace('?', "/cancellation?");
    let answer = shopper.post(&path, &form).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(location(&answer).contains("asked=2"), "{}", location(&answer));
    wait_for(&mut shopper, &location(&answer), "Your order is cancelled").await;

    let list = shopper.get("/orders").await.text().await.unwrap();
    assert!(
        list.contains("Cancelled") && list.contains(address.split('?').next().unwrap()),
        "{list}"
    );
    let stranger = Visitor::new(&site).get("/orders").await.text().await.unwrap();
    assert!(stranger.contains("You have not ordered anything yet"));
    site.close().await;
}

#[tokio::test]
async fn an_order_that_can_not_be_taken_says_why_beside_the_line() {
    let mut site = Site::open().await;
    site.start_processor();
    let mut shopper = Visitor::new(&site);
    let address = shopper
        .order("quantity.honey-acacia=1&quantity.kyusu-red-clay=19")
        .await;
    let page = wait_for(&mut shopper, &address, "We could not take your order").await;
    let line = page
        .split("has-problem")
        .nth(1)
        .unwrap()
        .split("</li>")
        .next()
        .unwrap();
    assert!(
        line.contains("Red Clay Kyusu") && line.contains("Only 18 left."),
        "{line}"
    );

    let mut form = shopper.fill("quantity.honey-acacia=1").await;
    set(&mut form, "price.honey-acacia", "1");
    let answer = shopper.post("/orders", &form).await;
    let page = wait_for(&mut shopper, &location(&answer), "We could not take your order").await;
    assert!(page.contains("A price has changed"), "{page}");
    site.close().await;
}

#[tokio::test]
async fn the_list_goes_on_where_the_page_ends() {
    let mut site = Site::open().await;
    site.start_processor();
    let mut shopper = Visitor::new(&site);
    for _ in 0..21 {
        shopper.order("quantity.chocolate-dark-72=1").await;
    }
    let page = eventually("every order in the list", async || {
        let page = shopper.get("/orders").await.text().await.unwrap();
        page.contains("Older orders").then_some(page)
    })
    .await;
    let older = page
        .split("href=\"/orders?")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let rest = shopper
        .get(&format!("/orders?{older}"))
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(page.matches("order-name").count(), 20);
    assert_eq!(rest.matches("order-name").count(), 1);
    assert_eq!(
        shopper.get("/orders?after=nonsense").await.status(),
        StatusCode::BAD_REQUEST
    );
    site.close().await;
}

#[tokio::test]
async fn a_page_is_told_of_every_change_until_nothing_more_can_come() {
    let mut site = Site::open().await;
    let mut shopper = Visitor::new(&site);
    let address = shopper.order("quantity.kyusu-red-clay=19").await;
    let answer = shopper.get(&address.replace('?', "/events?after=1&")).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    site.start_processor();
    let mut shopper = Visitor::new(&site);
    let events = answer.text().await.unwrap();
    assert!(events.contains("id: 2") && !events.contains("id: 1"), "{events}");
    assert!(
        events.contains("event: order") && events.contains("We could not take your order"),
        "{events}"
    );
    assert!(events.trim_end().contains("event: end"), "{events}");
    let again = shopper
        .get(&address.replace('?', "/events?after=2&"))
        .await
        .text()
        .await
        .unwrap();
    assert!(
        !again.contains("event: order") && again.contains("event: end"),
        "{again}"
    );
    site.close().await;
}

#[tokio::test]
async fn while_orders_can_not_be_taken_the_form_keeps_what_was_typed() {
    let mut site = Site::open().await;
    let (form, cookie) = {
        let mut shopper = Visitor::new(&site);
        (shopper.fill("quantity.honey-acacia=1").await, shopper.cookie)
    };
    site.servers.kill_nats().await;
    let mut shopper = Visitor::new(&site);
    shopper.cookie = cookie;
    let answer = shopper.post("/orders", &form).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    let page = answer.text().await.unwrap();
    assert!(
        page.contains("Ada Lovelace") && page.contains("right now"),
        "{page}"
    );
    assert_eq!(
        shopper.get("/").await.status(),
        StatusCode::OK,
        "the catalog is there all the same"
    );
    let cookie = shopper.cookie;
    site.servers.start_nats().await;
    let mut shopper = Visitor::new(&site);
    shopper.cookie = cookie;
    eventually("the same form to be taken", async || {
        (shopper.post("/orders", &form).await.status() == StatusCode::SEE_OTHER).then_some(())
    })
    .await;
    site.close().await;
}

async fn wait_for(shopper: &mut Visitor<'_>, address: &str, words: &str) -> String {
    eventually(words, async || {
        let page = shopper.get(address).await.text().await.unwrap();
        page.contains(words).then_some(page)
    })
    .await
}
