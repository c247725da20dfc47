//! What is drawn at random by the contract is answered by the contract. Each operation is tried in one of these.

use tokio::process::Command;

use crate::member::Member;
use crate::support::{Api, Guest};
use crate::tools;

const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemathesis.toml");

/// Quotas would end the run; they have tests of their own.
const NO_QUOTAS: [&str; 4] = [
    "--customer-limit=off",
    "--address-limit=off",
    "--sign-ins-per-address=1000000",
    "--sign-ups-per-address=1000000",
];

/// What only an account may ask. To end the session that asks would end the run: a guest tries that.
const OWN: &str = "^/v1/me(?!/sessions/)";

#[tokio::test]
async fn what_the_contract_allows_about_orders_is_answered_as_it_says() {
    if tools::python().await.is_none() {
        return;
    }
    let mut api = Api::start_with(&NO_QUOTAS).await;
    api.start_processor();
    let guest = Guest::new(&api);
    let which = ["--include-tag", "orders", "--include-tag", "scheduled orders"];
    answers_by_the_contract(&api, &guest.token, &which).await;
    api.close().await;
}

#[tokio::test]
async fn what_the_contract_allows_everyone_is_answered_as_it_says() {
    if tools::python().await.is_none() {
        return;
    }
    let api = Api::start_with(&NO_QUOTAS).await;
    let guest = Guest::new(&api);
    let orders = ["--exclude-tag", "orders", "--exclude-tag", "scheduled orders"];
    let which = [&orders[..], &["--exclude-path-regex", OWN]].concat();
    answers_by_the_contract(&api, &guest.token, &which).await;
    api.close().await;
}

#[tokio::test]
async fn what_the_contract_allows_an_account_is_answered_as_it_says() {
    if tools::python().await.is_none() {
        return;
    }
    let api = Api::start_with(&NO_QUOTAS).await;
    let member = Member::sign_up(&api, "ada@example.org", None).await;
    // The account itself is left alone: the contract's example has its password.
    let which = [
        "--include-path-regex",
        OWN,
        "--exclude-operation-id",
        "eraseAccount",
    ];
    answers_by_the_contract(&api, &member.access, &which).await;
    api.close().await;
}

/// Sends what is drawn by the contract with a token, to `which` operations.
async fn answers_by_the_contract(api: &Api, token: &str, which: &[&str]) {
    let Some(programs) = tools::python().await else {
        return;
    };
    let folder = devstack::testing::folder().unwrap();
    let mut command = Command::new(programs.join("schemathesis"));
    command
        .arg("--config-file")
        .arg(SETTINGS)
        .args(["run", "--no-color"])
        .arg(format!("http://{}/openapi.json", api.address))
        // A stream would be followed without end.
        .args(["--header", "Accept: application/json"])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(which)
        .current_dir(folder.path());
    tools::run(&mut command).await;
}
