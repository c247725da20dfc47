//! Load while everything dies.

use std::sync::Arc;
use std::time::Duration;

use bench::{Api, Expectations, History, Load, Pace, Progress, Report, What, app, check};
use devstack::Part;
use domain::OrderState;

use crate::support::{Shop, flush_redis, orders_only};

const PER_SECOND: f64 = 55.0;
/// After how many orders each server dies, and after how many it comes back. NATS stays away for longer than a front door waits for it.
const SERVERS: [(u64, u64, Part); 3] = [
    (400, 800, Part::Nats),
    (1000, 1150, Part::Postgres),
    (1500, 1650, Part::Redis),
];

fn load(orders: u64, follow: f64) -> Load {
    Load {
        pace: Pace::PerSecond(PER_SECOND),
        orders,
        guests: 16,
        first_guest: 0,
        skew: 1.0,
        seed: rand::random(),
        retry_budget: Duration::from_secs(60),
        follow,
    }
}

/// Runs the load beside `faults`, and checks that it was whole and that no promise was broken.
#[expect(
    clippy::print_stdout,
    reason = "a failed run shows its seed and what was felt of it"
)]
async fn promises_are_kept(shop: &Shop, load: &Load, faults: impl AsyncFnOnce(Progress)) -> Report {
    println!("seed {}", load.seed);
    let (history, progress) = (Arc::new(History::memory()), Progress::default());
    let api = Api::new(shop.stack.api_url(), Duration::from_secs(5)).unwrap();
    let (report, ()) = tokio::join!(
        load.run(api, Arc::clone(&history), progress.clone()),
        faults(progress),
    );
    let report = report.unwrap();
    println!("{report}");
    let outcomes = (report.accepted, report.refused, report.unknown);
    assert_eq!(outcomes, (load.orders, 0, 0), "{report}");

    let (history, storage) = (history.records(), shop.storage().await);
    let audit = app::settled(&storage, &history, Duration::from_secs(15))
        .await
        .unwrap();
    let violations = check(&history, &audit, Expectations::default());
    let first = &violations[..violations.len().min(10)];
    assert!(
        first.is_empty(),
        "{} violations, e.g. {first:#?}",
        violations.len()
    );
    assert_eq!(audit.orders.len() as u64, load.orders);
    for state in [OrderState::Confirmed, OrderState::Rejected] {
        let orders = audit.orders.iter().filter(|order| order.state == state).count();
        assert!(
            orders > 50,
            "{orders} orders are {state}: some products sell out, most do not"
        );
    }
    let seen = history
        .iter()
        .filter(|record| matches!(record.what, What::Seen { .. }));
    let readers = load.orders as f64 * load.follow;
    assert!(seen.count() as f64 > readers / 2.0, "readers saw orders change");
    shop.processed().await;
    assert!(shop.dead_letters().await.is_empty());
    let dead = shop.stack.dead().await;
    assert!(dead.is_empty(), "{dead:?}");
    report
}

/// Kills each of `parts` in turn at even distances, and starts it again at once.
async fn kill(shop: &Shop, progress: &Progress, orders: u64, parts: &[Part]) {
    let deaths = parts.len() as u64 + 1;
    for (death, part) in (1..).zip(parts) {
        progress.reached(death * orders / deaths).await;
        shop.stack.kill(*part).await.unwrap();
        shop.stack.start_part(*part).await.unwrap();
    }
}

async fn restart_servers(shop: &Shop, progress: &Progress) {
    for (dies, returns, server) in SERVERS {
        progress.reached(dies).await;
        shop.stack.kill(server).await.unwrap();
        progress.reached(returns).await;
        shop.stack.start_part(server).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_deaths_of_the_processor_and_one_of_each_server_break_no_promise() {
    let shop = Shop::start(orders_only().seeded()).await;
    let load = load(2000, 0.05);
    let faults = async |progress: Progress| {
        let processor = [Part::OrderProcessor; 10];
        tokio::join!(
            kill(&shop, &progress, load.orders, &processor),
            restart_servers(&shop, &progress)
        );
    };
    let report = promises_are_kept(&shop, &load, faults).await;
    let sent_again = report.put_off + report.unknown_attempts;
    assert!(sent_again > 0, "the faults were felt: {report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_no_order_go_back_while_front_door_and_processor_die_and_redis_is_emptied() {
    let shop = Shop::start(orders_only().seeded()).await;
    let load = load(1000, 0.5);
    let faults = async |progress: Progress| {
        let doors = [Part::RestApi, Part::OrderProcessor, Part::RestApi];
        let emptied = async {
            for orders in (40..load.orders).step_by(40) {
                progress.reached(orders).await;
                flush_redis(&shop).await;
            }
        };
        tokio::join!(kill(&shop, &progress, load.orders, &doors), emptied);
    };
    promises_are_kept(&shop, &load, faults).await;
}
