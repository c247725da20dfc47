//! The connection: what a break, a cancelled call or a missing schema come to.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use devstack::ports::Port;
use devstack::servers::Server;
use devstack::servers::postgres::{Durability, Postgres, psql};
use devstack::testing::{TestServers, eventually, folder};
use domain::Partition;
use storage::{Storage, StorageError};

use crate::shop::{Shop, options};

#[tokio::test]
async fn migrating_names_what_it_applied_and_does_it_once() {
    let servers = TestServers::start().await;
    let url = servers.database_url.clone().into();
    let before = Storage::connect(options(&servers.database_url, 2)).await;
    assert!(
        matches!(&before, Err(StorageError::Failed(why)) if why.contains("waybillctl migrate")),
        "{before:?}"
    );
    let applied = Storage::migrate(&url).await.unwrap();
    assert_eq!(applied.first().map(String::as_str), Some("0001 orders"));
    assert_eq!(Storage::migrate(&url).await.unwrap(), Vec::<String>::new());
    Storage::connect(options(&servers.database_url, 2))
        .await
        .unwrap()
        .ping()
        .await
        .unwrap();
}

#[tokio::test]
async fn an_address_without_a_server_is_unavailable_and_a_bad_one_failed() {
    let port = Port::free().unwrap();
    let mut nobody = options(&format!("postgres://waybill@127.0.0.1:{}/none", port.number()), 2);
    nobody.timeout = Duration::from_millis(300);
    let absent = Storage::connect(nobody).await;
    assert!(matches!(&absent, Err(StorageError::Unavailable(_))), "{absent:?}");
    let wrong = Storage::connect(options("not an address", 2)).await;
    assert!(matches!(&wrong, Err(StorageError::Failed(_))), "{wrong:?}");
}

#[tokio::test]
async fn a_cancelled_begin_leaves_nothing_open() {
    let shop = Shop::open().await;
    let storage = Storage::connect(options(&shop.servers.database_url, 4))
        .await
        .unwrap();
    let partitions: BTreeSet<Partition> = Partition::all().collect();
    for microseconds in 0..200_u64 {
        let limit = Duration::from_micros(microseconds * 5);
        let _ = tokio::time::timeout(limit, storage.begin(&partitions)).await;
    }
    let open = "SELECT count(*) FROM pg_stat_activity \
                WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    eventually("every transaction to be rolled back", async || {
        (psql(&shop.servers.database_url, open).unwrap().trim() == "0").then_some(())
    })
    .await;
    storage.begin(&partitions).await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_stands_still_frees_its_locks() {
    let shop = Shop::open().await;
    let mut hasty = options(&shop.servers.database_url, 2);
    hasty.timeout = Duration::from_millis(500);
    let stopped = Storage::connect(hasty).await.unwrap();
    let partitions: BTreeSet<Partition> = Partition::all().collect();
    let mut stuck = stopped.begin(&partitions).await.unwrap();
    // The successor waits for the locks, and gets them while the first is still held.
    shop.storage
        .begin(&partitions)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
    let late = stuck.orders(&[]).await;
    assert!(matches!(&late, Err(StorageError::Unavailable(_))), "{late:?}");
}

#[tokio::test]
async fn it_works_again_after_a_crash_of_postgres_without_a_restart() {
    let folder = folder().unwrap();
    // Postgres may run as another user, who must pass through.
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let files = folder.path().join("postgres");
    let cluster = Postgres::new(Port::free().unwrap(), &files, Durability::Throwaway).unwrap();
    let mut postgres = Server::new(cluster);
    postgres.start().await.unwrap();
    psql(&postgres.recipe().url("postgres"), "CREATE DATABASE waybill").unwrap();
    let url = postgres.recipe().url("waybill");
    Storage::migrate(&url.clone().into()).await.unwrap();
    let mut hasty = options(&url, 4);
    hasty.timeout = Duration::from_secs(1);
    let storage = Storage::connect(hasty).await.unwrap();
    let transaction = storage.begin(&BTreeSet::new()).await.unwrap();

    postgres.kill();
    // A backend may answer once more before it notices that its server is gone.
    eventually("the break to be seen", async || {
        matches!(storage.ping().await, Err(StorageError::Unavailable(_))).then_some(())
    })
    .await;
    postgres.start().await.unwrap();
    let lost = transaction.commit().await;
    assert!(matches!(&lost, Err(StorageError::Unavailable(_))), "{lost:?}");
    let back = Instant::now();
    eventually("the pool to recover", async || storage.ping().await.ok()).await;
    assert!(back.elapsed() < Duration::from_secs(15));
}
