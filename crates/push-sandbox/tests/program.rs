//! The program itself: it says when it is ready, and ends on SIGTERM.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

fn program(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_push-sandbox"));
    command
        .env_clear()
        .env("PUSH_SANDBOX_DATA_DIR", folder.path())
        .env("LISTEN", "127.0.0.1:0")
        .env("PUSH_LISTEN", "127.0.0.1:0")
        .env("SMTP_LISTEN", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn ready(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    timeout(PATIENCE, lines.next_line())
        .await
        .unwrap()
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn it_says_when_it_is_ready_and_ends_on_sigterm() {
    let folder = TempDir::new().unwrap();
    let mut child = program(&folder).spawn().unwrap();
    let line = ready(&mut child).await;
    assert!(
        line.starts_with("push-sandbox ready: page http://127.0.0.1:"),
        "{line}"
    );
    assert!(line.contains("no real service"), "{line}");
    let page = line
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .unwrap();
    let live = reqwest::get(format!("{page}/live")).await.unwrap();
    assert_eq!(live.status().as_u16(), 200);

    let id = child.id().unwrap().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "an open page must not hold it: {status}");
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let folder = TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = program(&folder)
        .env("PUSH_LISTEN", &address)
        .stderr(Stdio::piped())
        .output();
    let output = timeout(PATIENCE, output).await.unwrap().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
}
