//! Whom an event concerns, for all events of a batch at once.

use devstack::servers::postgres::psql;
use domain::{Customer, InstallationId};
use storage::{Channel, Installation, Platform, Storage};
use uuid::Uuid;

use crate::accounts::{account, guest, session};
use crate::shop::{Shop, at, customer, options};

fn device(number: u128, owner: Customer) -> Installation {
    Installation {
        id: InstallationId(Uuid::from_u128(number)),
        app: "shop".into(),
        customer: owner,
        platform: Platform::Apns,
        environment: "production".into(),
        channel: Channel::Apns {
            token: format!("{number:064x}"),
        },
        locale: "en".into(),
        tags: Vec::new(),
        expires_at: None,
        updated_at: at(0),
    }
}

#[tokio::test]
async fn each_device_comes_with_whom_it_is_told_of() {
    let shop = Shop::open().await;
    let run_out = Installation {
        expires_at: Some(at(-500_000_000)),
        ..device(4, customer(1))
    };
    let (first, second, other) = (
        device(1, customer(1)),
        device(2, customer(1)),
        device(3, customer(2)),
    );
    for one in [&first, &second, &other, &run_out] {
        shop.storage.put_installation(one).await.unwrap();
    }
    let asked = [customer(2), customer(1), customer(3)];
    let told = shop.storage.installations_told_of(&asked).await.unwrap();
    let expected = [(customer(1), first), (customer(1), second), (customer(2), other)];
    assert_eq!(told, expected);
    assert_eq!(shop.storage.installations_told_of(&[]).await.unwrap(), []);
}

#[tokio::test]
async fn an_accounts_devices_hear_of_its_guests_orders_and_not_the_other_way_round() {
    let shop = Shop::open().await;
    let ada = account(1, "ada@example.org");
    let (own, scope, stranger) = (
        Customer::Account(ada.id),
        Customer::Guest(guest(7)),
        Customer::Guest(guest(8)),
    );
    for (number, customer) in [(1, own), (2, scope), (3, stranger)] {
        shop.storage
            .put_installation(&device(number, customer))
            .await
            .unwrap();
    }
    let heard = async |customer| {
        shop.storage
            .installations_told_of(&[customer])
            .await
            .unwrap()
            .len()
    };
    assert_eq!((heard(own).await, heard(scope).await), (1, 1));
    shop.storage
        .sign_up(&ada, "hash", Some(guest(7)), &session(1, 0))
        .await
        .unwrap();
    assert_eq!((heard(own).await, heard(scope).await), (1, 2));
    assert_eq!(heard(stranger).await, 1);
    let hub = shop.servers.database_url_of("notification-hub");
    let hub = Storage::connect(options(&hub, 1)).await.unwrap();
    assert_eq!(hub.installations_told_of(&[scope]).await.unwrap().len(), 2);
    assert!(hub.guests_of(ada.id).await.is_err(), "it sees no accounts");
}

/// A set-returning function is believed to give a thousand customers: what is joined with them plainly is read whole.
#[tokio::test]
async fn a_batch_of_customers_reads_no_whole_table() {
    let shop = Shop::open().await;
    for statement in [
        "INSERT INTO installations (id, app, customer, platform, environment, channel, channel_hash, locale, updated_at)
         SELECT gen_random_uuid(), 'shop', 'guest:' || gen_random_uuid(), 'fcm', 'production',
                jsonb_build_object('token', n::text), sha256(n::text::bytea), 'en', now()
         FROM generate_series(1, 20000) AS n",
        "INSERT INTO preferences (customer, orders_push, orders_email, wishes_push, wishes_email, news_push, news_email, updated_at)
         SELECT customer, true, true, true, true, true, false, now() FROM installations",
        "INSERT INTO wishes (id, customer, topic, condition, created_at)
         SELECT gen_random_uuid(), customer, 'order.shipped', 'TRUE', now() FROM installations",
        "VACUUM ANALYZE installations, preferences, wishes",
    ] {
        psql(&shop.servers.database_url, statement).unwrap();
    }
    for (part, arguments, index) in [
        (
            "FROM installations AS his",
            "ARRAY['guest:a']",
            "installations_by_customer",
        ),
        (
            "FROM preferences WHERE customer = own",
            "ARRAY['guest:a']",
            "preferences_pkey",
        ),
        (
            "FROM wishes AS his",
            "ARRAY['guest:a'], ARRAY['order.shipped']",
            "wishes_by_customer",
        ),
    ] {
        let plan = shop.plan(part, arguments);
        assert!(plan.contains(index), "{plan}");
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
}
