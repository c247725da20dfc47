//! Very many devices are told at once, while push services fail and the hub dies.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use devstack::{Part, StackOptions};
use serde_json::json;
use sqlx::types::Uuid;
use tokio::time::Instant;

use super::stack_with;
use crate::fault::shop::{are_empty, dead_letters, eventually};
use crate::fault::{Drill, Outcome, Settings};
use crate::fleet::{Fleet, Tally};

/// Devices of one customer.
const OF_EACH: usize = 50;
/// How often the hub is killed.
const KILLS: u64 = 5;
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// How many a hub may remove on each platform before it sees that too many are gone, and as many again in the requests that are on their way.
const BEFORE_THE_BRAKE: u64 = 40;

/// Each of the faults of a bad day: every live device is told once, every gone one is removed, no other.
pub(super) async fn bad_day(settings: Settings) -> Result<Outcome> {
    let drill = Drill::start(stack(settings)?, settings).await?;
    let fleet = Fleet::register(&drill.stack, settings.devices, OF_EACH).await?;
    let storm = json!({
        "seed": settings.seed,
        "shares": { "429": 0.05, "5xx": 0.02, "time-out": 0.01, "gone": 0.03 },
        "retry_after": 1,
        "goaway_every": settings.devices / 20,
        "black_holes": 1,
    });
    fleet.rage(&storm).await?;
    let begun = Instant::now();
    fleet.campaign(&drill.stack).await?;
    kill_again_and_again(&drill, &fleet).await?;
    all_settled(&drill).await?;
    let tally = fleet.tally().await?;
    drill.note(format!(
        "{} devices in {:.1} s; pushes taken {}, {} of them repeats that replaced their like; {} connections",
        fleet.devices(),
        begun.elapsed().as_secs_f64(),
        tally.pushes,
        tally.repeats,
        tally.opened_connections
    ));
    drill.note(format!("faults shown: {}", fleet.faults().await?));
    told_once(&drill, &tally);
    let (gone, removed) = (gone(&fleet).await?, removed(&drill)?);
    let (kept, wrong) = (
        gone.difference(&removed).count(),
        removed.difference(&gone).count(),
    );
    drill.must(kept == 0, || {
        format!("{kept} of {} devices that are gone are not removed", gone.len())
    });
    drill.must(wrong == 0, || {
        format!("{wrong} devices that are there were removed")
    });
    no_letters(&drill).await?;
    Ok(drill.finish())
}

/// Most devices are said to be gone at once: it is not the devices, and they are kept.
pub(super) async fn most_gone(settings: Settings) -> Result<Outcome> {
    let drill = Drill::start(stack(settings)?, settings).await?;
    let fleet = Fleet::register(&drill.stack, settings.devices, OF_EACH).await?;
    fleet
        .rage(&json!({ "seed": settings.seed, "shares": { "gone": 0.6 } }))
        .await?;
    fleet.campaign(&drill.stack).await?;
    all_settled(&drill).await?;
    let tally = fleet.tally().await?;
    told_once(&drill, &tally);
    let removed = removed(&drill)?.len() as u64;
    drill.note(format!(
        "{} devices said to be gone, {removed} removed",
        tally.gone.devices
    ));
    drill.must(
        removed <= 4 * BEFORE_THE_BRAKE && removed < tally.gone.devices / 4,
        || format!("{removed} of {} devices were removed", tally.gone.devices),
    );
    let metrics = reqwest::get(format!(
        "{}/metrics",
        drill.stack.admin_url(Part::NotificationHub)
    ));
    let metrics = metrics.await?.text().await?;
    let alarm = |line: &str| line.starts_with("push_removals_stopped{") && line.ends_with(" 1");
    drill.must(metrics.lines().any(alarm), || "nobody is alarmed".into());
    no_letters(&drill).await?;
    Ok(drill.finish())
}

/// With fewer devices the hub has fewer in hand when it is killed, and waits less for an answer that does not come.
fn stack(settings: Settings) -> Result<StackOptions> {
    let (hub, at_once) = (Part::NotificationHub, (settings.devices / 64).clamp(16, 256));
    let options = stack_with(&[hub])?
        .env(hub, "PUSH_TIMEOUT", &format!("{}s", settings.answer.as_secs()))
        .env(hub, "PUSH_CONCURRENCY", &at_once.to_string());
    Ok(options)
}

/// Kills the hub after equal shares of the pushes.
async fn kill_again_and_again(drill: &Drill, fleet: &Fleet) -> Result<()> {
    let all = fleet.devices() as u64;
    for kill in 1..=KILLS {
        let share = all * kill / (KILLS + 2);
        eventually("pushes to go out", PATIENCE, async || {
            (fleet.pushes().await.ok()? >= share).then_some(())
        })
        .await?;
        drill.stack.kill(Part::NotificationHub).await?;
        drill.stack.start_part(Part::NotificationHub).await?;
    }
    Ok(())
}

/// Waits until no event and no push waits, and none stands open in the ledger.
async fn all_settled(drill: &Drill) -> Result<()> {
    const OPEN: &str = "SELECT count(*) FROM deliveries WHERE state IN ('queued', 'unknown')";
    let empty = eventually("every push to be settled", PATIENCE, async || {
        let idle = are_empty(&drill.stack, &["EVENTS", "NOTIFICATIONS"]).await.ok()?;
        (idle && drill.stack.psql(OPEN).ok()? == "0").then_some(())
    });
    if let Err(error) = empty.await {
        let open = drill.stack.psql(
            "SELECT platform, state, count(*) FROM deliveries GROUP BY platform, state ORDER BY platform, state",
        )?;
        drill.broken(format!("{error}; the ledger: {}", open.replace('\n', ", ")));
    }
    Ok(())
}

/// Each device that is there shows one push, none that is gone shows any.
fn told_once(drill: &Drill, tally: &Tally) {
    drill.must(tally.whole, || "not all was counted".into());
    let (live, gone) = (&tally.live, &tally.gone);
    drill.must(live.showing(1) == live.devices, || {
        format!(
            "I4: of {} live devices so many show so many pushes: {:?}",
            live.devices, live.by_keys
        )
    });
    drill.must(gone.showing(0) == gone.devices, || {
        format!(
            "of {} gone devices so many show so many pushes: {:?}",
            gone.devices, gone.by_keys
        )
    });
}

async fn gone(fleet: &Fleet) -> Result<BTreeSet<Uuid>> {
    let taken = fleet.taken().await?;
    let gone = taken.into_iter().filter(|device| device.gone);
    Ok(gone.map(|device| device.installation_id).collect())
}

fn removed(drill: &Drill) -> Result<BTreeSet<Uuid>> {
    let ids = drill
        .stack
        .psql("SELECT id FROM installations WHERE state = 'gone'")?;
    ids.lines().map(|id| Ok(id.trim().parse()?)).collect()
}

async fn no_letters(drill: &Drill) -> Result<()> {
    let letters = dead_letters(&drill.stack).await?;
    drill.must(letters.is_empty(), || {
        format!("{} dead letters, e.g. {}", letters.len(), letters[0])
    });
    Ok(())
}
