//! Each service has a role of its own, which may do what the service does and no more.

use devstack::servers::postgres::psql;
use storage::{ProductFilter, Storage};

use crate::shop::{Shop, options};

const SERVICES: [&str; 4] = ["web-frontend", "rest-api", "order-processor", "notification-hub"];

/// What a service may do with a table, as Postgres tells it: `INSERT,SELECT`.
fn rights(shop: &Shop, table: &str, service: &str) -> String {
    let role = devstack::servers::postgres::role(service);
    let statement = format!(
        "SELECT string_agg(word, ',' ORDER BY word) FROM unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE','REFERENCES','TRIGGER']) AS word \
         WHERE has_table_privilege('{role}', '{table}', word)"
    );
    psql(&shop.servers.database_url, &statement).unwrap()
}

/// Whether the service is refused for want of rights.
fn is_refused(shop: &Shop, service: &str, statement: &str) -> bool {
    match psql(&shop.servers.database_url_of(service), statement) {
        Ok(_) => false,
        Err(error) => {
            let error = error.to_string();
            assert!(
                error.contains("permission denied") || error.contains("must be "),
                "{service}: {statement}: {error}"
            );
            true
        }
    }
}

#[tokio::test]
async fn every_table_is_open_to_those_who_need_it_and_to_nobody_else() {
    let shop = Shop::open().await;
    let tables = psql(
        &shop.servers.database_url,
        "SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
         WHERE n.nspname = 'public' AND c.relkind IN ('r', 'v', 'p') AND NOT c.relispartition ORDER BY c.relname",
    )
    .unwrap();
    let mut found = String::new();
    for table in tables.lines() {
        for service in SERVICES {
            let rights = rights(&shop, table, service);
            if !rights.is_empty() {
                found += &format!("{table} {service} {rights}\n");
            }
        }
    }
    let expected = "\
_sqlx_migrations web-frontend SELECT
_sqlx_migrations rest-api SELECT
_sqlx_migrations order-processor SELECT
_sqlx_migrations notification-hub SELECT
account_guests web-frontend INSERT,SELECT
account_guests rest-api INSERT,SELECT
account_identities web-frontend INSERT,SELECT
account_identities rest-api INSERT,SELECT
accounts web-frontend INSERT,SELECT,UPDATE
accounts rest-api INSERT,SELECT,UPDATE
addresses web-frontend DELETE,INSERT,SELECT,UPDATE
addresses rest-api DELETE,INSERT,SELECT,UPDATE
attempts order-processor DELETE,INSERT,SELECT,UPDATE
attempts notification-hub DELETE,INSERT,SELECT,UPDATE
campaigns notification-hub SELECT
catalog_commands order-processor INSERT,SELECT
deliveries notification-hub INSERT,SELECT,UPDATE
erased_customers web-frontend SELECT
erased_customers rest-api SELECT
erased_customers order-processor SELECT
installations rest-api DELETE,INSERT,SELECT,UPDATE
installations notification-hub SELECT
order_history order-processor INSERT,SELECT
order_summaries web-frontend SELECT
order_summaries rest-api SELECT
orders web-frontend SELECT
orders rest-api SELECT
orders order-processor INSERT,SELECT,UPDATE
preferences web-frontend INSERT,SELECT,UPDATE
preferences rest-api INSERT,SELECT,UPDATE
preferences notification-hub SELECT
products web-frontend SELECT
products rest-api SELECT
products order-processor INSERT,SELECT,UPDATE
push_platforms notification-hub INSERT,SELECT,UPDATE
push_templates notification-hub SELECT
refresh_tokens web-frontend DELETE,INSERT,SELECT,UPDATE
refresh_tokens rest-api DELETE,INSERT,SELECT,UPDATE
sessions web-frontend DELETE,INSERT,SELECT,UPDATE
sessions rest-api DELETE,INSERT,SELECT,UPDATE
stock_ledger order-processor INSERT,SELECT
wish_keys rest-api INSERT
wish_keys notification-hub SELECT
wishes rest-api DELETE,INSERT,SELECT
wishes notification-hub SELECT
";
    assert_eq!(found, expected);
}

#[tokio::test]
async fn what_a_service_must_not_do_is_refused() {
    let shop = Shop::with_product("tea", 10).await;
    for door in ["web-frontend", "rest-api"] {
        for statement in [
            "UPDATE orders SET state = 'confirmed'",
            "DELETE FROM orders",
            "INSERT INTO orders SELECT * FROM orders",
            "UPDATE products SET available = 1000000",
            "UPDATE products SET price_minor = 0",
            "SELECT * FROM products FOR UPDATE",
            "SELECT * FROM order_history",
            "SELECT * FROM stock_ledger",
            "SELECT * FROM deliveries",
            "DELETE FROM attempts",
            "DELETE FROM accounts",
            "UPDATE account_guests SET account = guest",
            "DELETE FROM account_guests",
            "INSERT INTO erased_customers VALUES ('guest:x', gen_random_uuid(), now())",
            "DELETE FROM erased_customers",
            "DELETE FROM preferences",
            "SELECT mail_of_order(gen_random_uuid())",
            "SELECT mail_of_customer('guest:x')",
            "SELECT rotate_deliveries(current_date, current_date + 1)",
        ] {
            assert!(is_refused(&shop, door, statement), "{door}: {statement}");
        }
    }
    assert!(is_refused(&shop, "web-frontend", "SELECT * FROM installations"));
    assert!(is_refused(&shop, "web-frontend", "SELECT * FROM wishes"));
    assert!(is_refused(
        &shop,
        "rest-api",
        "UPDATE wishes SET customer = 'guest:mallory'"
    ));
    for statement in [
        "DELETE FROM orders",
        "UPDATE order_history SET state = 'confirmed'",
        "DELETE FROM order_history",
        "UPDATE stock_ledger SET delta = 0",
        "SELECT * FROM installations",
        "SELECT * FROM accounts",
        "SELECT * FROM refresh_tokens",
        "SELECT customers_beside('guest:x')",
        "SELECT customers_beside_each(ARRAY['guest:x'])",
        "SELECT mail_of_order(gen_random_uuid())",
        "SELECT * FROM preferences",
        "SELECT erase_account(gen_random_uuid(), NULL, NULL, now())",
        "UPDATE erased_customers SET customer = 'guest:x'",
        "DELETE FROM erased_customers",
        "UPDATE deliveries SET state = 'delivered'",
        "ALTER TABLE order_history DISABLE TRIGGER ALL",
    ] {
        assert!(is_refused(&shop, "order-processor", statement), "{statement}");
    }
    for statement in [
        "SELECT * FROM orders",
        "UPDATE products SET available = 0",
        "UPDATE installations SET customer = 'guest:mallory'",
        "DELETE FROM installations",
        "DROP TABLE deliveries",
        "DELETE FROM deliveries",
        "UPDATE campaigns SET expression = 'app:shop'",
        "INSERT INTO campaigns SELECT * FROM campaigns",
        "DELETE FROM campaigns",
        "SELECT * FROM accounts",
        "SELECT * FROM sessions",
        "SELECT * FROM erased_customers",
        "UPDATE preferences SET news_push = true",
        "SELECT erase_account(gen_random_uuid(), NULL, NULL, now())",
        "DELETE FROM wishes",
        "UPDATE wishes SET customer = 'guest:mallory'",
    ] {
        assert!(is_refused(&shop, "notification-hub", statement), "{statement}");
    }
}

#[tokio::test]
async fn no_service_makes_anything_or_becomes_anyone() {
    let shop = Shop::open().await;
    for service in SERVICES {
        for statement in [
            "CREATE TABLE mine (id int)",
            "CREATE TEMPORARY TABLE mine (id int)",
            "CREATE SCHEMA mine",
            "CREATE ROLE mine",
            "SET ROLE waybill",
            "DELETE FROM _sqlx_migrations",
            "COPY products TO PROGRAM 'cat'",
            "DROP TABLE products",
        ] {
            assert!(is_refused(&shop, service, statement), "{service}: {statement}");
        }
        let others = SERVICES.iter().filter(|other| **other != service);
        for other in others {
            let statement = format!("SET ROLE {}", devstack::servers::postgres::role(other));
            assert!(is_refused(&shop, service, &statement), "{service}: {statement}");
        }
    }
}

#[tokio::test]
async fn every_service_connects_as_itself() {
    let shop = Shop::with_product("tea", 10).await;
    for service in SERVICES {
        let url = shop.servers.database_url_of(service);
        let storage = Storage::connect(options(&url, 1)).await.unwrap();
        storage.ping().await.unwrap();
    }
    let url = shop.servers.database_url_of("rest-api");
    let door = Storage::connect(options(&url, 1)).await.unwrap();
    assert_eq!(
        door.products(&ProductFilter::default(), None, 10)
            .await
            .unwrap()
            .products
            .len(),
        1
    );
    let refused = door.raise_attempts("ORDERS", 1).await.unwrap_err().to_string();
    assert!(refused.contains("permission denied"), "{refused}");
}
