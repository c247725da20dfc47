//! What keeps other sites and other people out.

use reqwest::StatusCode;

use crate::support::{Site, Visitor, set};

#[tokio::test]
async fn forms_of_other_sites_and_of_other_visitors_are_refused() {
    let site = Site::open().await;
    let mut shopper = Visitor::new(&site);
    let form = shopper.fill("quantity.honey-acacia=1").await;
    for origin in ["https://evil.example", "null", ""] {
        let answer = shopper.post_from(origin, "/orders", &form).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{origin}");
    }
    let mut without = form.clone();
    set(&mut without, "token", "");
    let answer = shopper.post("/orders", &without).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(
        answer.text().await.unwrap().contains("Ada Lovelace"),
        "what was typed is kept"
    );

    let mut other = Visitor::new(&site);
    other.get("/orders").await;
    assert!(other.cookie.is_some() && other.cookie != shopper.cookie);
    assert_eq!(other.post("/orders", &form).await.status(), StatusCode::FORBIDDEN);
    let mut forged = form.clone();
    set(&mut forged, "scope", "wbg_nonsense");
    assert_eq!(
        shopper.post("/orders", &forged).await.status(),
        StatusCode::FORBIDDEN
    );

    let address = shopper.order("quantity.honey-acacia=1").await;
    let path = address.split('?').next().unwrap();
    let cancellation = format!("{path}/cancellation");
    let token = form.iter().find(|(name, _)| name == "token").unwrap().clone();
    let wish = [token, ("key".to_owned(), "k".to_owned())];
    assert_eq!(
        other.post(&cancellation, &wish).await.status(),
        StatusCode::FORBIDDEN
    );
    let own = other.fill("quantity.honey-acacia=1").await;
    let own = [
        own.iter().find(|(name, _)| name == "token").unwrap().clone(),
        wish[1].clone(),
    ];
    assert_eq!(
        other.post(&cancellation, &own).await.status(),
        StatusCode::NOT_FOUND
    );
    site.close().await;
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_others_out() {
    let site = Site::open().await;
    let mut shopper = Visitor::new(&site);
    let order = shopper.order("quantity.honey-acacia=1").await;
    for path in [
        "/",
        "/checkout?quantity.honey-acacia=1",
        "/orders",
        order.as_str(),
        "/nowhere",
        "/assets/style.css",
    ] {
        let answer = shopper.get(path).await;
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap())
                .unwrap_or_default()
        };
        let policy = header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"),
            "{path}"
        );
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        let referrer = if path == order {
            "no-referrer"
        } else {
            "same-origin"
        };
        assert_eq!(header("referrer-policy"), referrer, "{path}");
        let is_shared = path == "/" || path.starts_with("/assets");
        assert_eq!(header("cache-control") == "no-store", !is_shared, "{path}");
    }
    let cookie = Visitor::new(&site).get("/orders").await.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"),
        "{cookie}"
    );
    site.close().await;
}

#[tokio::test]
async fn in_production_cookies_and_forms_are_for_https_only() {
    let site = Site::open_for_https().await;
    let mut shopper = Visitor::new(&site);
    let answer = shopper.get("/orders").await;
    assert!(
        answer.headers()["strict-transport-security"]
            .to_str()
            .unwrap()
            .starts_with("max-age=63072000")
    );
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-waybill-guest=wbg_")
            && cookie.contains("Secure")
            && cookie.contains("HttpOnly"),
        "{cookie}"
    );
    let form = shopper.fill("quantity.honey-acacia=1").await;
    assert_eq!(
        shopper.post("/orders", &form).await.status(),
        StatusCode::FORBIDDEN
    );
    let origin = format!("https://{}", site.address);
    assert_eq!(
        shopper.post_from(&origin, "/orders", &form).await.status(),
        StatusCode::SEE_OTHER
    );
    site.close().await;
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_their_hash() {
    let site = Site::open().await;
    let mut shopper = Visitor::new(&site);
    let page = shopper.get("/").await.text().await.unwrap();
    let address = page
        .split("href=\"/assets/style.css")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let hashed = shopper.get(&format!("/assets/style.css{address}")).await;
    assert!(
        hashed.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    let tag = hashed.headers()["etag"].clone();
    let again = reqwest::Client::new()
        .get(site.url("/assets/style.css"))
        .header("if-none-match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(
        again.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("no-cache")
    );
    assert_eq!(
        shopper.get("/assets/../Cargo.toml").await.status(),
        StatusCode::NOT_FOUND
    );
    site.close().await;
}
