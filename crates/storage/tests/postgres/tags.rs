//! Devices by their tags.

use devstack::servers::postgres::psql;
use domain::tags::Clause;
use domain::{InstallationId, TagExpression};
use storage::{Channel, Installation, Platform};
use uuid::Uuid;

use crate::shop::{Shop, at, customer};

const DEVICES: u128 = 100_000;

fn clauses(text: &str) -> Vec<Clause> {
    text.parse::<TagExpression>().unwrap().clauses().unwrap()
}

fn device(number: u128, tags: &[&str]) -> Installation {
    Installation {
        id: InstallationId(Uuid::from_u128(number)),
        app: "shop".into(),
        customer: customer(number),
        platform: Platform::Apns,
        environment: "production".into(),
        channel: Channel::Apns {
            token: format!("{number:064x}"),
        },
        locale: "de-AT".into(),
        tags: tags.iter().map(ToString::to_string).collect(),
        expires_at: None,
        updated_at: at(0),
    }
}

/// The numbers of the devices that match, read in pages of `limit`.
async fn found(shop: &Shop, expression: &str, limit: u32) -> Vec<u128> {
    let (clauses, mut after, mut numbers) = (clauses(expression), None, Vec::new());
    loop {
        let page = shop
            .storage
            .installations_matching(&clauses, after, limit)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        numbers.extend(page.iter().map(|device| device.id.0.as_u128()));
    }
    let counts = shop.storage.count_matching(&clauses).await.unwrap();
    let count: u64 = counts.iter().map(|(_, count)| count).sum();
    assert_eq!(count, numbers.len() as u64, "{expression}");
    numbers
}

#[tokio::test]
async fn devices_are_found_by_what_they_are_and_by_their_own_tags() {
    let shop = Shop::open().await;
    for (number, tags) in [
        (1, &["a", "b"][..]),
        (2, &["a"]),
        (3, &["b", "c"]),
        (4, &[]),
        (u128::MAX, &["z"]),
    ] {
        shop.storage
            .put_installation(&device(number, tags))
            .await
            .unwrap();
    }
    let android = Installation {
        platform: Platform::Fcm,
        channel: Channel::Fcm {
            kind: "fid".into(),
            value: "five".into(),
        },
        locale: "en".into(),
        ..device(5, &["a"])
    };
    shop.storage.put_installation(&android).await.unwrap();
    let first = customer(1).to_string();
    for (expression, numbers) in [
        ("a", &[1, 2, 5][..]),
        ("a && b", &[1]),
        ("a && !b", &[2, 5]),
        ("a || c", &[1, 2, 3, 5]),
        ("!a && !c", &[4, u128::MAX]),
        ("*", &[1, 2, 3, 4, 5, u128::MAX]),
        ("platform:fcm", &[5]),
        ("a && platform:apns", &[1, 2]),
        ("locale:de-AT && (a || b)", &[1, 2, 3]),
        ("app:shop && c || locale:en", &[3, 5]),
        (&first, &[1]),
        ("z", &[u128::MAX]),
        ("A", &[]),
        ("a && !a", &[]),
    ] {
        for limit in [1, 2, 100] {
            assert_eq!(found(&shop, expression, limit).await, numbers, "{expression}");
        }
    }
    assert_eq!(
        shop.storage.count_matching(&clauses("a || c")).await.unwrap(),
        [(Platform::Apns, 3), (Platform::Fcm, 1)]
    );
    let first = shop
        .storage
        .installations_matching(&clauses("a"), None, 1)
        .await
        .unwrap();
    assert_eq!(first, [device(1, &["a", "b"])], "the whole of it");
}

#[tokio::test]
async fn who_is_gone_or_has_run_out_is_not_found() {
    let shop = Shop::open().await;
    for number in 1..=3 {
        shop.storage
            .put_installation(&device(number, &["a"]))
            .await
            .unwrap();
    }
    let gone = device(1, &["a"]);
    assert!(
        shop.storage
            .mark_gone(gone.id, &gone.channel, None, "unregistered")
            .await
            .unwrap()
    );
    let run_out = Installation {
        expires_at: Some(at(-500_000_000)),
        ..device(2, &["a"])
    };
    shop.storage.put_installation(&run_out).await.unwrap();
    for expression in ["a", "*"] {
        assert_eq!(found(&shop, expression, 10).await, [3], "{expression}");
    }
    assert_eq!(shop.storage.installation(run_out.id).await.unwrap(), None);
    assert!(
        shop.storage
            .installations_of(&[customer(2)])
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        shop.storage
            .installations_told_of(&[customer(2)])
            .await
            .unwrap()
            .is_empty()
    );
}

/// 100,000 devices: a tenth follows each of ten products, one in a thousand has the tag `rare`.
fn fill(shop: &Shop) {
    let statement = format!(
        "INSERT INTO installations (id, app, customer, platform, environment, channel, channel_hash, locale, tags, updated_at)
         SELECT gen_random_uuid(), 'shop', 'guest:' || gen_random_uuid(), (ARRAY['apns', 'fcm', 'wns', 'webpush'])[1 + n % 4], 'production',
                jsonb_build_object('token', n::text), sha256(n::text::bytea), (ARRAY['en', 'de-AT'])[1 + n % 2],
                array_remove(ARRAY['follows:sku-' || n % 10, 'group:' || n % 3, CASE n % 1000 WHEN 0 THEN 'rare' END], NULL), now()
         FROM generate_series(1, {DEVICES}) AS n"
    );
    for statement in [statement.as_str(), "VACUUM ANALYZE installations"] {
        psql(&shop.servers.database_url, statement).unwrap();
    }
}

/// How Postgres goes about the query of ours that contains `part`, for devices that match `expression`.
fn plan(shop: &Shop, part: &str, expression: &str, more: &str) -> String {
    let clauses = serde_json::to_string(&clauses(expression)).unwrap();
    shop.plan(part, &format!("'{clauses}'{more}"))
}

#[tokio::test]
async fn devices_are_found_by_the_index_of_tags() {
    let shop = Shop::open().await;
    fill(&shop);
    let page = ", '00000000-0000-0000-0000-000000000000', 100";
    for (part, more) in [
        ("page AS MATERIALIZED", page),
        ("AS most", ", 1000"),
        ("SELECT DISTINCT found.id, found.platform", ""),
    ] {
        let plan = plan(&shop, part, "rare && !group:1 || rare && locale:en", more);
        assert!(
            plan.contains("Bitmap Index Scan on installations_by_tag"),
            "{plan}"
        );
        assert!(!plan.contains("Seq Scan on installations"), "{plan}");
    }
    let everyone = plan(
        &shop,
        "FROM installations\n               WHERE state = 'active' AND (expires_at IS NULL OR expires_at > now()) AND id >= $2",
        "!rare",
        page,
    );
    assert!(
        everyone.contains("Index Scan using installations_pkey"),
        "{everyone}"
    );
}

#[tokio::test]
async fn a_hundred_thousand_devices_are_walked_page_by_page() {
    let shop = Shop::open().await;
    fill(&shop);
    for (expression, expected) in [
        ("*", 100_000),
        ("platform:fcm", 25_000),
        ("follows:sku-1 && !platform:wns || rare", 10_100),
        ("(follows:sku-1 || follows:sku-2) && group:0", 6_666),
        ("rare", 100),
        ("nobody", 0),
    ] {
        let numbers = found(&shop, expression, 1_000).await;
        assert!(
            numbers.is_sorted_by(|one, next| one < next),
            "each once, in their order"
        );
        let few = expected / 100;
        assert!(
            numbers.len().abs_diff(expected) <= few,
            "{expression}: {}",
            numbers.len()
        );
    }
}
