//! Devices, from a terminal.

use std::process::Stdio;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use crate::shop::{Said, Shop};

const LINES: u128 = 20_000;

/// A hundred thousand are to take no more than this.
const LIMIT: Duration = Duration::from_secs(60);

/// In ten days.
static EXPIRY: LazyLock<Timestamp> = LazyLock::new(|| {
    let now = Timestamp::from_second(chassis::clock::now().as_second()).unwrap();
    now + SignedDuration::from_hours(240)
});

fn line(number: u128) -> Value {
    let (id, owner) = (Uuid::from_u128(number), Uuid::from_u128(number % 1_000));
    let mut line = json!({
        "id": id, "customer": format!("guest:{owner}"), "app": "shop", "platform": "fcm", "environment": "production",
        "channel": { "kind": "fid", "value": format!("device-{number:08}") }, "locale": "en", "tags": [],
    });
    match number % 3 {
        0 => line["tags"] = json!(["follows:sku-1", format!("group:{}", number % 10)]),
        1 => {
            line["platform"] = "wns".into();
            line["channel"] = json!({ "uri": format!("https://db5.notify.windows.com/?token={number}") });
            line["expires_at"] = EXPIRY.to_string().into();
        }
        _ => {}
    }
    line
}

fn text(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Runs the binary with `input` on its standard input.
async fn piped(shop: &Shop, args: &[&str], input: &str) -> Said {
    let mut child = shop.command(args).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    Said {
        ok: output.status.success(),
        out: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test]
async fn what_is_exported_is_imported_as_it_was() {
    let shop = Shop::unattended().await;
    let lines: Vec<_> = (0..9).map(line).collect();
    let first = piped(&shop, &["installations", "import", "-"], &text(&lines)).await;
    assert!(first.ok && first.error.is_empty(), "{first:?}");
    assert_eq!(
        first.out,
        "9 devices are new, 0 were there, 0 are forgotten, 0 lines are refused\n"
    );
    let exported = shop.good(&["installations", "export"]).await;
    let read: Vec<Value> = exported
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(read, lines);

    let folder = devstack::testing::folder().unwrap();
    let file = folder.path().join("devices.ndjson");
    let file = file.to_str().unwrap();
    let some = shop
        .json(&[
            "installations",
            "export",
            "--tags",
            "follows:sku-1 && !group:3",
            file,
        ])
        .await;
    assert_eq!(some, json!({ "devices": 2 }));
    let again = shop.json(&["installations", "import", file]).await;
    assert_eq!(
        again,
        json!({ "created": 0, "updated": 2, "removed": 0, "refused": 0 })
    );
    assert_eq!(shop.good(&["installations", "export"]).await, exported);
    let wrong = shop.run(&["installations", "export", "--tags", "a && ()"]).await;
    let wrong = wrong.error;
    assert!(
        wrong.contains("column 7: expected a tag or (, found `)`"),
        "{wrong}"
    );
}

#[tokio::test]
async fn a_line_that_is_wrong_is_named_and_what_came_before_is_imported() {
    let shop = Shop::unattended().await;
    let mut wrong = line(2);
    wrong["tags"] = json!(["a", "account:x"]);
    wrong["app"] = json!("");
    let removal = json!({ "id": Uuid::from_u128(0), "delete": true });
    let lines = text(&[line(0), wrong, line(4), removal]) + "{\n\n" + &text(&[line(5)]);

    let strict = piped(&shop, &["installations", "import", "-"], &lines).await;
    assert!(!strict.ok && strict.out.is_empty(), "{strict:?}");
    assert!(
        strict
            .error
            .starts_with("waybillctl: line 2: /app must be 1 to 60 ")
            && strict.error.contains("; /tags/1 must not begin with account:"),
        "{strict:?}"
    );
    let count = async || shop.good(&["installations", "export"]).await.lines().count();
    assert_eq!(count().await, 1);

    let lenient = piped(&shop, &["installations", "import", "--keep-going", "-"], &lines).await;
    assert!(!lenient.ok, "{lenient:?}");
    assert_eq!(
        lenient.out,
        "2 devices are new, 1 were there, 1 are forgotten, 2 lines are refused\n"
    );
    let said: Vec<_> = lenient.error.lines().collect();
    assert!(
        said.len() == 3 && said[0].starts_with("line 2: /app must be"),
        "{said:?}"
    );
    assert!(said[1].starts_with("line 5: EOF while parsing"), "{said:?}");
    assert!(
        said[2].starts_with("waybillctl: 2 lines were refused"),
        "{said:?}"
    );
    assert_eq!(count().await, 2);
    let missing = shop.bad(&["installations", "import", "nothing.ndjson"]).await;
    assert!(missing.contains("nothing.ndjson can't be read"), "{missing}");
}

#[tokio::test]
async fn a_later_line_about_the_same_comes_after_an_earlier_one() {
    let shop = Shop::unattended().await;
    let mut moved = line(3);
    moved["channel"] = line(0)["channel"].clone();
    let removal = json!({ "id": Uuid::from_u128(2), "delete": true });
    let lines = [line(0), moved.clone(), line(2), removal, line(5), line(5)];
    let said = piped(&shop, &["installations", "import", "-"], &text(&lines)).await;
    assert!(said.ok, "{said:?}");
    let exported = shop.good(&["installations", "export"]).await;
    let read: Vec<Value> = exported
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(read, [moved, line(5)]);
}

#[tokio::test]
async fn one_device_is_shown_and_removed() {
    let shop = Shop::unattended().await;
    piped(&shop, &["installations", "import", "-"], &text(&[line(3)])).await;
    let id = Uuid::from_u128(3).to_string();
    let shown = shop.good(&["installations", "show", &id]).await;
    assert!(
        shown.contains("follows:sku-1 group:3") && shown.contains("device-00000003"),
        "{shown}"
    );
    let owner = format!("guest:{id}");
    let listed = shop.json(&["installations", "list", "--customer", &owner]).await;
    assert_eq!(listed, json!([line(3)]));
    assert!(
        shop.good(&["installations", "remove", &id])
            .await
            .contains("is forgotten")
    );
    assert!(
        shop.bad(&["installations", "remove", &id])
            .await
            .contains("there is no device")
    );
    assert!(
        shop.bad(&["installations", "show", &id])
            .await
            .contains("there is no device")
    );
    assert_eq!(
        shop.good(&["installations", "list", "--customer", &owner]).await,
        "no devices\n"
    );
}

#[tokio::test]
async fn many_devices_are_imported_and_a_second_time_are_the_same() {
    let shop = Shop::unattended().await;
    let folder = devstack::testing::folder().unwrap();
    let file = folder.path().join("devices.ndjson");
    let lines: Vec<_> = (0..LINES).map(line).collect();
    std::fs::write(&file, text(&lines)).unwrap();
    let file = file.to_str().unwrap();
    for (created, updated) in [(LINES, 0), (0, LINES)] {
        let began = Instant::now();
        let done = shop.json(&["installations", "import", file]).await;
        assert!(began.elapsed() < LIMIT, "{:?}", began.elapsed());
        assert_eq!(
            (&done["created"], &done["updated"]),
            (&json!(created as u64), &json!(updated as u64))
        );
    }
    let exported = shop.good(&["installations", "export"]).await;
    assert_eq!(exported.lines().count(), lines.len());
}
