//! Accounts that were erased, and their orders.

use domain::commands::Cancel;
use domain::{
    Access, AccountId, AddressId, Customer, Fingerprint, GuestId, InstallationId, OrderAction, OrderCommand,
    SavedAddress, WishId,
};
use storage::{Account, Channel, Installation, NewSession, Platform, Registered, Role, Wish, Wished};
use uuid::Uuid;

use crate::shop::{Shop, at, follow_up, key, submit};

const ADA: AccountId = AccountId(Uuid::from_u128(1));
const GUEST: GuestId = GuestId(Uuid::from_u128(7));

fn account(id: AccountId) -> Account {
    Account {
        id,
        email: Some("ada@example.org".into()),
        email_key: Some("ada@example.org".into()),
        role: Role::Customer,
        name: "Ada Example".into(),
        locale: "en".into(),
        created_at: at(0),
        updated_at: at(0),
    }
}

fn session(number: u8) -> NewSession {
    NewSession {
        id: Uuid::from_u128(number.into()),
        refresh_hash: [number; 32],
        device: "app".into(),
        now: at(0),
        expires_at: at(1000),
        ends_at: at(1000),
    }
}

fn device(number: u128, customer: Customer) -> Installation {
    Installation {
        id: InstallationId(Uuid::from_u128(number)),
        app: "shop".into(),
        customer,
        platform: Platform::Apns,
        environment: "production".into(),
        channel: Channel::Apns {
            token: format!("{number:064}"),
        },
        locale: "en".into(),
        tags: Vec::new(),
        expires_at: None,
        updated_at: at(0),
    }
}

fn wish(number: u128, customer: Customer) -> Wish {
    Wish {
        id: WishId(Uuid::from_u128(number)),
        customer,
        topic: "catalog.restocked".into(),
        condition: None,
        created_at: at(0),
    }
}

fn home() -> SavedAddress {
    serde_json::from_value(serde_json::json!({
        "name": "Ada Example",
        "shipping_address": { "street": "Ring 1", "postcode": "1010", "city": "Wien", "country": "AT" },
    }))
    .unwrap()
}

/// An account with everything that one may have.
async fn signed_up(shop: &Shop) {
    let storage = &shop.storage;
    storage
        .sign_up(&account(ADA), "hash", Some(GUEST), &session(1))
        .await
        .unwrap();
    storage.open_session(ADA, None, &session(2)).await.unwrap();
    let id = AddressId::derive(ADA, &key("home"));
    storage.add_address(ADA, id, &home(), at(0)).await.unwrap();
    for (number, customer) in [
        (1, Customer::Account(ADA)),
        (2, Customer::Guest(GUEST)),
        (3, Customer::Guest(GuestId(Uuid::from_u128(8)))),
    ] {
        storage.put_installation(&device(number, customer)).await.unwrap();
        let key = i64::try_from(number).unwrap();
        storage.add_wish(&wish(number, customer), &[key]).await.unwrap();
    }
}

/// How many rows each table has that an account's owner writes.
async fn rows(shop: &Shop) -> Vec<String> {
    let count = |table| format!("SELECT count(*) FROM {table}");
    let tables = [
        "accounts",
        "sessions",
        "refresh_tokens",
        "addresses",
        "account_guests",
        "account_identities",
        "installations",
        "wishes",
        "wish_keys",
    ];
    tables
        .into_iter()
        .map(|table| devstack::servers::postgres::psql(&shop.servers.database_url, &count(table)).unwrap())
        .collect()
}

#[tokio::test]
async fn an_erased_account_is_gone_with_all_its_owner_said_and_its_address_is_free() {
    let shop = Shop::open().await;
    signed_up(&shop).await;
    let door = shop.servers.database_url_of("rest-api");
    let door = storage::Storage::connect(crate::shop::options(&door, 2))
        .await
        .unwrap();
    let request = Fingerprint::of(&"erase");
    let erase = async |proof| {
        door.erase_account(ADA, Some(proof), Some(&request), at(9))
            .await
            .unwrap()
    };
    assert_eq!(erase("another hash").await, None);
    assert_eq!(shop.storage.erasure(ADA).await.unwrap(), None);
    let mut ended = erase("hash").await.unwrap();
    ended.sort();
    assert_eq!(ended, [1, 2].map(Uuid::from_u128));
    assert_eq!(rows(&shop).await, ["0", "0", "0", "0", "0", "0", "1", "1", "1"]);
    assert_eq!(erase("hash").await, None, "it is gone");
    assert!(door.was_erased_by(ADA, &request).await.unwrap());
    let other = Fingerprint::of(&"other");
    assert!(!door.was_erased_by(ADA, &other).await.unwrap());
    let again = account(AccountId(Uuid::from_u128(2)));
    let opened = door
        .sign_up(&again, "hash", Some(GUEST), &session(3))
        .await
        .unwrap();
    assert_eq!(
        opened.guest_added,
        Some(false),
        "an erased scope belongs to nobody"
    );
}

#[tokio::test]
async fn an_erased_customers_device_is_not_registered_any_more_nor_a_wish_made() {
    let shop = Shop::open().await;
    signed_up(&shop).await;
    let storage = &shop.storage;
    storage.erase_account(ADA, None, None, at(9)).await.unwrap();
    for customer in [Customer::Account(ADA), Customer::Guest(GUEST)] {
        let put = storage.put_installation(&device(4, customer)).await.unwrap();
        assert_eq!(put, Registered::Erased);
        assert_eq!(
            storage.add_wish(&wish(4, customer), &[4]).await.unwrap(),
            Wished::Erased
        );
        assert!(storage.installations_of(&[customer]).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_erasure_is_done_when_no_order_at_its_end_has_personal_data() {
    let shop = Shop::with_product("tea", 10).await;
    signed_up(&shop).await;
    let (own, guest) = (Customer::Account(ADA), Customer::Guest(GUEST));
    let orders: Vec<OrderCommand> = (0..5)
        .map(|number| submit(own, &number.to_string(), &[("tea", 1)], at(0)))
        .collect();
    shop.handle(orders.clone(), at(1)).await.unwrap();
    let cancel =
        |command: &OrderCommand| follow_up(command.order, "c", OrderAction::Cancel(Cancel::default()), at(2));
    // The last one is under way.
    let off = orders[..4].iter().map(cancel).collect();
    shop.handle(off, at(2)).await.unwrap();

    let storage = &shop.storage;
    assert!(storage.erasures_to_do(10).await.unwrap().is_empty());
    storage.erase_account(ADA, None, None, at(9)).await.unwrap();
    assert_eq!(storage.erasures_to_do(10).await.unwrap(), [own, guest]);
    assert!(storage.finish_erasure(guest, at(10)).await.unwrap());
    assert!(!storage.finish_erasure(own, at(10)).await.unwrap());
    assert_eq!(storage.erasures_to_do(10).await.unwrap(), [own]);

    let mut expected: Vec<_> = orders[..4].iter().map(|command| command.order).collect();
    expected.sort();
    let page = storage.orders_to_erase(own, None, 3).await.unwrap();
    assert_eq!(page, expected[..3]);
    let rest = storage
        .orders_to_erase(own, page.last().copied(), 3)
        .await
        .unwrap();
    assert_eq!(rest, expected[3..]);
    let commands = expected
        .iter()
        .map(|order| OrderCommand::erase(*order, at(11)))
        .collect();
    shop.handle(commands, at(11)).await.unwrap();
    assert!(storage.orders_to_erase(own, None, 3).await.unwrap().is_empty());
    assert!(storage.finish_erasure(own, at(12)).await.unwrap());
    let erasure = storage.erasure(ADA).await.unwrap().unwrap();
    assert_eq!(
        (erasure.customers, erasure.done, erasure.left),
        (vec![own, guest], true, 1)
    );

    let order = storage.order(Access::Staff, expected[0]).await.unwrap().unwrap();
    assert_eq!(order.erased_at, Some(at(11)));
    let kept = storage.fingerprint(order.id).await.unwrap();
    assert_eq!(kept, Some(order.fingerprint), "the column follows the document");
}
