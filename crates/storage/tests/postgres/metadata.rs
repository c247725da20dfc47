//! The committed metadata of the queries is what the migrated schema says.

use std::fs;
use std::path::Path;

use devstack::testing::TestServers;
use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection, SqlSafeStr};
use storage::Storage;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Every Rust source of the crate, in one text.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                fs::read_to_string(&path).unwrap()
            }
        })
        .collect()
}

#[tokio::test]
async fn the_metadata_of_the_queries_is_up_to_date() {
    let again = "run `cargo run -p devstack -- with-postgres -- crates/storage/prepare-queries.sh`";
    let servers = TestServers::start().await;
    Storage::migrate(&servers.database_url.clone().into())
        .await
        .unwrap();
    let mut connection = PgConnection::connect(&servers.database_url).await.unwrap();
    let sources = sources(&root().join("crates/storage/src"));
    let mut files = 0;
    for entry in fs::read_dir(root().join(".sqlx")).unwrap() {
        let stored: Value = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let query = stored["query"].as_str().unwrap().to_owned();
        assert!(
            sources.contains(&query),
            "no source has this query any more: {query}\n{again}"
        );
        let described = connection
            .describe(sqlx::AssertSqlSafe(query.clone()).into_sql_str())
            .await
            .unwrap();
        assert_eq!(
            serde_json::to_value(&described).unwrap(),
            stored["describe"],
            "{query}\n{again}"
        );
        files += 1;
    }
    assert_eq!(
        files,
        sources.matches("sqlx::query").count() - sources.matches("sqlx::query_scalar::<").count()
    );
}
