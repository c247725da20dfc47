//! Product news are stopped from a mail's link, without signing in.

use domain::{AccountId, Customer, GuestId};
use identity::NewsStops;
use reqwest::StatusCode;
use storage::{Topic, Way};
use uuid::Uuid;

use crate::support::{KEY, Site, Visitor, storage};

fn token(customer: Customer) -> String {
    NewsStops::new(KEY.parse().unwrap()).mint(customer)
}

async fn wants_news(site: &Site, customer: Customer) -> bool {
    let known = storage(&site.servers.database_url)
        .await
        .preferences(customer)
        .await
        .unwrap();
    assert!(known.allows(Topic::Orders, Way::Email));
    known.allows(Topic::News, Way::Push) || known.allows(Topic::News, Way::Email)
}

#[tokio::test]
async fn the_link_shows_a_page_with_one_button_and_the_button_does_it() {
    let site = Site::open().await;
    let customer = Customer::Account(AccountId(Uuid::from_u128(1)));
    let link = format!("/news/stop?token={}", token(customer));
    let mut reader = Visitor::new(&site);
    let page = reader.get(&link).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.headers()["referrer-policy"], "no-referrer");
    assert_eq!(page.headers()["cache-control"], "no-store");
    assert!(page.headers().get("set-cookie").is_none());
    let html = page.text().await.unwrap();
    assert_eq!(html.matches("<button").count(), 1, "{html}");
    assert!(html.contains(&format!("action=\"{link}\"")), "{html}");
    assert!(wants_news(&site, customer).await, "looking at it stops nothing");

    let field = ("List-Unsubscribe".to_owned(), "One-Click".to_owned());
    let done = reader.post(&link, &[field]).await;
    assert_eq!(done.status(), StatusCode::OK);
    assert!(done.text().await.unwrap().contains("<h1>Done</h1>"));
    assert!(!wants_news(&site, customer).await);
    site.close().await;
}

#[tokio::test]
async fn a_mail_program_does_it_with_one_request_of_its_own() {
    let site = Site::open_for_https().await;
    let customer = Customer::Guest(GuestId(Uuid::from_u128(2)));
    let link = site.url(&format!("/news/stop?token={}", token(customer)));
    // RFC 8058, section 3.2: without cookies, in either kind of form.
    let one_click = reqwest::Client::new()
        .post(&link)
        .header("content-type", "multipart/form-data; boundary=x")
        .body(
            "--x\r\ncontent-disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n",
        );
    assert_eq!(one_click.send().await.unwrap().status(), StatusCode::OK);
    assert!(!wants_news(&site, customer).await);
    let again = reqwest::Client::new()
        .post(&link)
        .form(&[("List-Unsubscribe", "One-Click")]);
    assert_eq!(again.send().await.unwrap().status(), StatusCode::OK);
    site.close().await;
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_refused_with_a_plain_page() {
    let site = Site::open().await;
    let customer = Customer::Guest(GuestId(Uuid::from_u128(3)));
    let genuine = token(customer);
    let other = NewsStops::new("fedcba9876543210".repeat(4).parse().unwrap()).mint(customer);
    let mut reader = Visitor::new(&site);
    for token in ["", "nonsense", &other, &genuine[1..]] {
        let link = format!("/news/stop?token={token}");
        for answer in [reader.get(&link).await, reader.post(&link, &[]).await] {
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{token}");
            let html = answer.text().await.unwrap();
            assert!(html.contains("We can&#39;t find that page"), "{html}");
        }
    }
    assert!(wants_news(&site, customer).await);
    site.close().await;
}
