//! What is drawn at random by the contract is answered by the contract.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::member::Member;
use crate::support::{Api, Guest};

/// The program itself; else the one that `./scripts/test` installs is taken.
const PROGRAM: &str = "SCHEMATHESIS_BIN";
const INSTALLED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../.waybill/contract/bin/schemathesis"
);
const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemathesis.toml");

#[tokio::test]
async fn what_the_contract_allows_is_answered_as_it_says() {
    let Some(program) = program().await else {
        return;
    };
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    answers_by_the_contract(&program, &api, &guest.token, &[]).await;
    api.close().await;
}

#[tokio::test]
async fn what_the_contract_allows_an_account_is_answered_as_it_says() {
    let Some(program) = program().await else {
        return;
    };
    let api = Api::start().await;
    let member = Member::sign_up(&api, "ada@example.org", None).await;
    // Sessions are left aside: the one that asks would be ended.
    let own = [
        "--include-path-regex",
        "^/v1/me(/password|/addresses.*)?$",
        // Nor is the account itself: the contract's example has its password.
        "--exclude-operation-id",
        "eraseAccount",
    ];
    answers_by_the_contract(&program, &api, &member.access, &own).await;
    api.close().await;
}

/// Sends what is drawn by the contract with a token; `which` operations, all of them where it is empty.
async fn answers_by_the_contract(program: &Path, api: &Api, token: &str, which: &[&str]) {
    let folder = devstack::testing::folder().unwrap();
    let output = Command::new(program)
        .arg("--config-file")
        .arg(SETTINGS)
        .args(["run", "--no-color"])
        .arg(format!("http://{}/openapi.json", api.address))
        // A stream would be followed without end.
        .args(["--header", "Accept: application/json"])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(which)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The program; none where there is no Python, without which it can't be.
#[expect(clippy::print_stderr, reason = "who runs the tests is told what was not")]
async fn program() -> Option<PathBuf> {
    if let Some(program) = std::env::var_os(PROGRAM) {
        return Some(program.into());
    }
    if Path::new(INSTALLED).exists() {
        return Some(INSTALLED.into());
    }
    let new_enough = "import sys; sys.exit(sys.version_info < (3, 11))";
    let python = Command::new("python3").args(["-c", new_enough]).status().await;
    assert!(
        !python.is_ok_and(|status| status.success()),
        "schemathesis is not installed: ./scripts/test does it, or set {PROGRAM}"
    );
    eprintln!("skipped: schemathesis needs Python 3.11, and there is none here");
    None
}
