//! Load while everything dies.

use std::sync::Arc;
use std::time::Duration;

use bench::{Api, Expectations, History, Load, Pace, Progress, What, app, check};
use devstack::Part;
use domain::OrderState;

use crate::support::{Shop, orders_only};

const ORDERS: u64 = 2000;
const PER_SECOND: f64 = 55.0;
const DEATHS: u64 = 10;
/// After how many orders each server dies, and after how many it comes back. NATS stays away for longer than a front door waits for it.
const SERVERS: [(u64, u64, Part); 3] = [
    (400, 800, Part::Nats),
    (1000, 1150, Part::Postgres),
    (1500, 1650, Part::Redis),
];

fn load() -> Load {
    Load {
        pace: Pace::PerSecond(PER_SECOND),
        orders: ORDERS,
        guests: 16,
        skew: 1.0,
        seed: rand::random(),
        retry_budget: Duration::from_secs(60),
        follow: 0.05,
    }
}

async fn kill_processor(shop: &Shop, progress: &Progress) {
    for death in 1..=DEATHS {
        progress.reached(death * ORDERS / (DEATHS + 1)).await;
        shop.stack.kill(Part::OrderProcessor).await.unwrap();
        // It may die at its start while a server is away; then it is started like any other time.
        while shop.stack.start_part(Part::OrderProcessor).await.is_err() {}
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
async fn under_load_ten_deaths_of_the_processor_and_one_of_each_server_break_no_promise() {
    let shop = Shop::start(orders_only().seeded()).await;
    let (load, history, progress) = (load(), Arc::new(History::memory()), Progress::default());
    println!("seed {}", load.seed);
    let api = Api::new(shop.stack.api_url(), Duration::from_secs(5)).unwrap();
    let (report, (), ()) = tokio::join!(
        load.run(api, Arc::clone(&history), progress.clone()),
        kill_processor(&shop, &progress),
        restart_servers(&shop, &progress),
    );
    let report = report.unwrap();
    println!("{report}");
    assert_eq!(
        (report.accepted, report.refused, report.unknown),
        (ORDERS, 0, 0),
        "{report}"
    );

    let sent_again = report.put_off + report.unknown_attempts;
    assert!(sent_again > 0, "the faults were felt: {report}");

    let (history, storage) = (history.records(), shop.storage().await);
    let audit = app::settled(&storage, &history, Duration::from_secs(15))
        .await
        .unwrap();
    let violations = check(&history, &audit, Expectations::default());
    assert!(
        violations.is_empty(),
        "{} violations, e.g. {:#?}",
        violations.len(),
        &violations[..violations.len().min(10)]
    );
    assert_eq!(audit.orders.len() as u64, ORDERS);
    for state in [OrderState::Confirmed, OrderState::Rejected] {
        let orders = audit.orders.iter().filter(|order| order.state == state).count();
        assert!(
            orders > 100,
            "{orders} orders are {state}: some products sell out, most do not"
        );
    }
    let seen = history
        .iter()
        .filter(|record| matches!(record.what, What::Seen { .. }))
        .count();
    assert!(seen > 50, "{seen} changes were seen by readers");
    assert!(shop.dead_letters().await.is_empty());
    let dead = shop.stack.dead().await;
    assert!(dead.is_empty(), "{dead:?}");
    shop.processed().await;
}
