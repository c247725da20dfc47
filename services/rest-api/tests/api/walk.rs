//! The walk through an app's life in `docs/api.md`, taken step by step: what it runs works, and what it shows is so.

use tokio::process::Command;

use crate::support::Api;
use crate::tools;

const WALK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api.md");
/// Stands in the output between two steps.
const NEXT: &str = "-- next step --";
/// What the walk needs on a machine; `./scripts/test` installs it.
const NEEDED: [&str; 4] = ["bash", "curl", "jq", "openssl"];

/// Commands, and what the walk shows as their answer; nothing where it shows none.
#[derive(Debug)]
struct Step {
    commands: String,
    shown: Option<String>,
}

/// The blocks marked `sh`, each with the block marked `text` that stands directly under it.
fn steps(walk: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut between = String::new();
    let mut rest = walk;
    while let Some((before, block)) = rest.split_once("```") {
        let (block, after) = block.split_once("\n```").expect("the end of a block");
        let (kind, content) = block.split_once('\n').expect("a block has lines");
        between.push_str(before);
        match kind {
            "sh" => steps.push(Step {
                commands: content.to_owned(),
                shown: None,
            }),
            "text" => {
                assert!(between.trim().is_empty(), "stands under no commands: {content}");
                steps.last_mut().expect("commands").shown = Some(content.to_owned());
            }
            other => panic!("a block of another kind: {other:?}"),
        }
        between.clear();
        rest = after;
    }
    steps
}

/// Whether `shown` is what was answered, where `…` stands for anything within a line.
fn shows(shown: &str, answered: &str) -> bool {
    let (shown, answered): (Vec<_>, Vec<_>) = (shown.lines().collect(), answered.lines().collect());
    shown.len() == answered.len()
        && shown
            .iter()
            .zip(&answered)
            .all(|(shown, answered)| shows_line(shown, answered))
}

fn shows_line(shown: &str, answered: &str) -> bool {
    let Some((start, rest)) = shown.split_once('…') else {
        return shown == answered;
    };
    let Some(mut left) = answered.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<_> = rest.split('…').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(end)
}

#[tokio::test]
async fn the_walk_through_an_apps_life_is_as_it_is_told() {
    for program in NEEDED {
        let there = Command::new(program).arg("--help").output().await.is_ok();
        assert!(there, "{program} is not installed: ./scripts/test does it");
    }
    let steps = steps(&std::fs::read_to_string(WALK).unwrap());
    let mut script = "set -eu -o pipefail\n".to_owned();
    for step in &steps {
        script.push_str(&format!("{}\necho '{NEXT}'\n", step.commands));
    }
    let api = Api::start_whole().await;
    let folder = devstack::testing::folder().unwrap();
    let mut bash = Command::new("bash");
    bash.args(["-c", &script]).current_dir(folder.path());
    let said = tools::run(bash.env("API", format!("http://{}", api.address))).await;
    for (step, answered) in steps.iter().zip(said.split(&format!("{NEXT}\n"))) {
        let answered = answered.replace('\r', "");
        if let Some(shown) = &step.shown {
            assert!(
                shows(shown, answered.trim()),
                "{}\nis told to answer\n{shown}\nand answered\n{answered}",
                step.commands
            );
        }
    }
    api.close().await;
}

#[test]
fn what_is_left_out_may_be_anything_within_its_line() {
    assert!(shows(
        "a\n{\"id\": \"…\", \"n\": …}",
        "a\n{\"id\": \"5f\", \"n\": 1}"
    ));
    assert!(!shows("a …", "b c") && !shows("a … c", "a b") && !shows("a", "a\nb"));
}
