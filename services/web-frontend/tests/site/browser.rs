//! The site in Chromium: a shopper orders by clicking, and the order's page reaches "Confirmed" without being loaded again.

use std::process::Stdio;
use std::time::Duration;

use devstack::testing::eventually;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tokio::process::{Child, Command};

use crate::support::Site;

/// Chromium, with a profile of its own.
struct Browser {
    client: Client,
    _driver: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    async fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let driver = std::env::var("CHROMEDRIVER_BIN").unwrap_or_else(|_| "chromedriver".to_owned());
        let driver = Command::new(&driver)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{driver} can't be started ({error}): install Debian's chromium-driver")
            });
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // A click must not aim at what is still scrolling.
            "--force-prefers-reduced-motion",
            "--window-size=1200,1000",
        ];
        let profile_argument = format!("--user-data-dir={}", profile.path().display());
        let arguments: Vec<&str> = arguments.into_iter().chain([profile_argument.as_str()]).collect();
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), json!({ "args": arguments }));
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let address = format!("http://127.0.0.1:{port}");
        let client = eventually("the browser to start", async || {
            builder.connect(&address).await.ok()
        })
        .await;
        Self {
            client,
            _driver: driver,
            _profile: profile,
        }
    }

    async fn click(&self, selector: &str) {
        self.client
            .find(Locator::Css(selector))
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
    }

    async fn fill(&self, name: &str, value: &str) {
        let field = self
            .client
            .find(Locator::Css(&format!("[name='{name}']")))
            .await
            .unwrap();
        field.send_keys(value).await.unwrap();
    }

    async fn run(&self, script: &str) -> serde_json::Value {
        self.client.execute(script, vec![]).await.unwrap()
    }

    async fn headline(&self, expected: &str) {
        eventually(expected, async || {
            let headline = self
                .client
                .find(Locator::Css("h1"))
                .await
                .ok()?
                .text()
                .await
                .ok()?;
            (headline == expected).then_some(())
        })
        .await;
    }

    /// Every address that the page loaded, itself included.
    async fn loaded(&self) -> Vec<String> {
        let names =
            "return [location.href, ...performance.getEntriesByType('resource').map(entry => entry.name)]";
        serde_json::from_value(self.run(names).await).unwrap()
    }
}

#[tokio::test]
async fn an_order_is_placed_and_seen_to_be_confirmed_without_reload() {
    let mut site = Site::open().await;
    let browser = Browser::start().await;
    let mut loaded = Vec::new();
    browser.client.goto(&site.url("/")).await.unwrap();
    browser.fill("quantity.honey-acacia", "2").await;
    loaded.extend(browser.loaded().await);
    browser
        .run("document.querySelector('main form').requestSubmit()")
        .await;
    browser.headline("Your order").await;
    let customer = [
        ("name", "Ada Lovelace"),
        ("email", "ada@example.org"),
        ("street", "Ring 1"),
        ("postcode", "1010"),
        ("city", "Wien"),
        ("country", "Austria"),
    ];
    for (name, value) in customer {
        browser.fill(name, value).await;
    }
    loaded.extend(browser.loaded().await);
    browser.click(".summary button.button:not(.quiet)").await;
    browser.headline("We have your order").await;
    browser.run("window.sameDocument = true").await;

    site.start_processor();
    browser.headline("Confirmed").await;
    assert_eq!(
        browser.run("return window.sameDocument === true").await,
        json!(true),
        "the page was loaded again"
    );
    let spoken = browser
        .client
        .find(Locator::Css("#spoken"))
        .await
        .unwrap()
        .prop("textContent")
        .await
        .unwrap();
    assert!(
        spoken.unwrap().starts_with("Confirmed."),
        "screen readers are told"
    );

    browser.click("form[action*='/cancellation'] button").await;
    browser.headline("Your order is cancelled").await;
    loaded.extend(browser.loaded().await);
    let origin = format!("http://{}/", site.address);
    assert!(loaded.len() > 10, "{loaded:?}");
    assert!(
        loaded.iter().all(|address| address.starts_with(&origin)),
        "{loaded:?}"
    );

    browser.client.clone().close().await.unwrap();
    tokio::time::timeout(Duration::from_secs(30), site.close())
        .await
        .unwrap();
}
