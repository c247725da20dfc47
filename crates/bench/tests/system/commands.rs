//! The programs `bench load` and `bench check`.

use std::path::Path;
use std::process::Output;

use tokio::process::Command;

use crate::support::{Shop, orders_only};

async fn bench(shop: &Shop, history: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command
        .args(arguments)
        .envs(shop.stack.env().iter().map(|(name, value)| (name, value)))
        .env("BENCH_HISTORY", history)
        .kill_on_drop(true);
    command.output().await.unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_is_made_checked_and_found_broken_when_it_is() {
    let shop = Shop::start(orders_only().seeded()).await;
    let history = shop.stack.folder().join("history.ndjson");
    let load = bench(
        &shop,
        &history,
        &["load", "--in-flight", "8", "--orders", "100", "--follow", "0.2"],
    )
    .await;
    assert!(load.status.success(), "{}", said(&load));
    assert!(
        said(&load).contains("100 accepted, 0 refused, 0 unknown"),
        "{}",
        said(&load)
    );

    let check = bench(&shop, &history, &["check"]).await;
    assert!(check.status.success(), "{}", said(&check));
    assert!(
        said(&check).contains("100 orders accepted, 100 stored"),
        "{}",
        said(&check)
    );

    let one = shop.sql("UPDATE products SET available = available + 1 WHERE sku = (SELECT min(sku) FROM products) RETURNING sku");
    let sku = one.lines().next().unwrap();
    let guest = shop.guest().await;
    let stranger = shop
        .order(
            &guest,
            "not in the history".replace(' ', "-").as_str(),
            &crate::support::draft(sku, 1),
        )
        .await;
    shop.in_state(&stranger, "confirmed").await;
    let broken = bench(&shop, &history, &["check"]).await;
    assert!(!broken.status.success());
    assert!(
        said(&broken).contains(&format!("I3: nobody submitted order {stranger}")),
        "{}",
        said(&broken)
    );
    assert!(
        said(&broken).contains(&format!("of {sku} are left")),
        "{}",
        said(&broken)
    );
    assert!(
        said(&broken).contains("error: 3 broken promises"),
        "{}",
        said(&broken)
    );
}
