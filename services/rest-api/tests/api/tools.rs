//! Programs of other makers that the contract is tried out with; `./scripts/test` installs them.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

/// Where `./scripts/test` installs.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.waybill");

/// The folder of the programs in Python; none where there is no Python that they run with.
pub(crate) async fn python() -> Option<PathBuf> {
    let new_enough = "import sys; sys.exit(sys.version_info < (3, 11))";
    let runs = succeeds("python3", &["-c", new_enough]).await;
    found("CONTRACT_TOOLS", "contract/bin", runs, "Python 3.11")
}

/// The folder of the packages in JavaScript; none where there is no Node that they run with.
pub(crate) async fn node() -> Option<PathBuf> {
    let new_enough = "process.exit(Number(process.versions.node.split('.')[0]) < 20)";
    let runs = succeeds("node", &["-e", new_enough]).await && succeeds("npm", &["--version"]).await;
    found(
        "TYPESCRIPT_TOOLS",
        "typescript/node_modules",
        runs,
        "Node 20 and npm",
    )
}

async fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().await.is_ok_and(|status| status.success())
}

/// The folder that the variable names, else the one that is installed. It is missed only where it could be had.
#[expect(clippy::print_stderr, reason = "who runs the tests is told what was not")]
fn found(variable: &str, folder: &str, runs: bool, needs: &str) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(variable) {
        return Some(folder.into());
    }
    let installed = Path::new(INSTALLED).join(folder);
    if installed.exists() {
        return Some(std::fs::canonicalize(installed).unwrap());
    }
    assert!(
        !runs,
        ".waybill/{folder} is missing: ./scripts/test installs it, or set {variable} to such a folder"
    );
    eprintln!("skipped: this needs {needs}, and it is not here");
    None
}

/// Runs a program to its end; gives what it said, which is shown where it failed.
pub(crate) async fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{:?}\n{said}{}",
        command.as_std(),
        String::from_utf8_lossy(&output.stderr)
    );
    said
}
