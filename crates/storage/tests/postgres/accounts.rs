//! Accounts, their guests' scopes and their sessions.

use std::time::Duration;

use domain::{Access, AccountId, Customer, GuestId};
use storage::accounts::{EMAIL_TAKEN, Rotated};
use storage::{Account, NewSession, OrderFilter, Role, Storage, StorageError};
use uuid::Uuid;

use crate::shop::{Shop, at};

const DAY: i64 = 24 * 60 * 60;
const LIFE: Duration = Duration::from_secs(30 * DAY.unsigned_abs());

pub(crate) fn account(number: u128, email: &str) -> Account {
    Account {
        id: AccountId(Uuid::from_u128(number)),
        email: Some(email.into()),
        email_key: Some(email.to_lowercase()),
        role: Role::Customer,
        name: "Ada".into(),
        locale: "en".into(),
        created_at: at(0),
        updated_at: at(0),
    }
}

/// Opened at 0 with the refresh token `token`.
pub(crate) fn session(number: u128, token: u8) -> NewSession {
    NewSession {
        id: Uuid::from_u128(number),
        refresh_hash: [token; 32],
        device: "app".into(),
        now: at(0),
        expires_at: at(30 * DAY),
        ends_at: at(365 * DAY),
    }
}

pub(crate) fn guest(number: u128) -> GuestId {
    GuestId(Uuid::from_u128(number))
}

async fn signed_up(shop: &Shop) -> AccountId {
    let ada = account(1, "ada@example.org");
    shop.storage
        .sign_up(&ada, "hash", None, &session(1, 0))
        .await
        .unwrap();
    ada.id
}

/// Shows `token`, whose successor is the next number, at `second`.
async fn rotate(storage: &Storage, token: u8, second: i64) -> Rotated {
    storage
        .rotate_refresh_token(&[token; 32], &[token + 1; 32], LIFE, at(second))
        .await
        .unwrap()
}

fn expires_at(rotated: &Rotated) -> i64 {
    match rotated {
        Rotated::Replaced { expires_at, .. } => expires_at.as_second() - at(0).as_second(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_account_reads_as_written_and_its_address_is_taken() {
    let shop = Shop::open().await;
    let ada = account(1, "Ada@example.org");
    let opened = shop
        .storage
        .sign_up(&ada, "hash", Some(guest(7)), &session(1, 0))
        .await
        .unwrap();
    assert_eq!((opened.guest_added, opened.guests), (Some(true), vec![guest(7)]));
    let found = shop.storage.account_by_email("ada@example.org").await.unwrap();
    assert_eq!(found, Some((ada.clone(), Some("hash".to_owned()))));
    let twin = account(2, "ADA@example.org");
    let refused = shop.storage.sign_up(&twin, "hash", None, &session(2, 1)).await;
    assert!(matches!(refused, Err(StorageError::Exists(what)) if what == EMAIL_TAKEN));
    assert_eq!(shop.storage.account(twin.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_token_gives_its_successor_again_for_ten_seconds_and_then_ends_the_session() {
    let shop = Shop::open().await;
    let ada = signed_up(&shop).await;
    let first = rotate(&shop.storage, 0, 100).await;
    assert_eq!(expires_at(&first), 100 + 30 * DAY);
    assert_eq!(rotate(&shop.storage, 0, 110).await, first);
    let late = rotate(&shop.storage, 0, 111).await;
    assert_eq!(
        late,
        Rotated::Reused {
            session: Uuid::from_u128(1)
        }
    );
    assert_eq!(rotate(&shop.storage, 1, 112).await, Rotated::Unknown);
    assert!(shop.storage.sessions_of(ada, at(112)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_token_whose_successor_was_used_ends_the_session_even_at_once() {
    let shop = Shop::open().await;
    signed_up(&shop).await;
    rotate(&shop.storage, 0, 100).await;
    rotate(&shop.storage, 1, 101).await;
    assert!(matches!(
        rotate(&shop.storage, 0, 102).await,
        Rotated::Reused { .. }
    ));
    assert_eq!(rotate(&shop.storage, 2, 103).await, Rotated::Unknown);
}

#[tokio::test]
async fn a_session_lasts_thirty_days_from_its_last_use_and_a_year_at_most() {
    let shop = Shop::open().await;
    signed_up(&shop).await;
    assert_eq!(rotate(&shop.storage, 0, 30 * DAY).await, Rotated::Unknown);
    let mut day = 0;
    let mut token = 0;
    while day + 29 < 365 {
        day += 29;
        let expires = expires_at(&rotate(&shop.storage, token, day * DAY).await);
        assert_eq!(expires, (day + 30).min(365) * DAY);
        token += 1;
    }
    assert_eq!(rotate(&shop.storage, token, 365 * DAY).await, Rotated::Unknown);
}

#[tokio::test]
async fn sessions_end_alone_or_all_but_one_and_only_their_own_accounts() {
    let shop = Shop::open().await;
    let ada = signed_up(&shop).await;
    for number in 2..=4 {
        shop.storage
            .open_session(ada, None, &session(number, number as u8 * 10))
            .await
            .unwrap();
    }
    let stranger = account(9, "eve@example.org");
    shop.storage
        .sign_up(&stranger, "hash", None, &session(9, 90))
        .await
        .unwrap();
    let id = Uuid::from_u128;
    assert!(!shop.storage.end_session(stranger.id, id(2)).await.unwrap());
    assert!(shop.storage.end_session(ada, id(2)).await.unwrap());
    assert!(!shop.storage.end_session(ada, id(2)).await.unwrap());
    let mut ended = shop.storage.end_other_sessions(ada, id(3)).await.unwrap();
    ended.sort_unstable();
    assert_eq!(ended, [id(1), id(4)]);
    let left = shop.storage.sessions_of(ada, at(1)).await.unwrap();
    assert_eq!(left.iter().map(|session| session.id).collect::<Vec<_>>(), [id(3)]);
    assert_eq!(
        shop.storage.sessions_of(stranger.id, at(1)).await.unwrap().len(),
        1
    );
}

#[tokio::test]
async fn whoever_an_issuer_names_has_one_account_however_often_he_comes_first() {
    let shop = Shop::open().await;
    let id = |number| AccountId(Uuid::from_u128(number));
    let first = async |number| {
        shop.storage
            .account_of_identity("https://login.example", "ada", id(number), at(0))
            .await
            .unwrap()
    };
    let both = tokio::join!(first(1), first(2));
    assert_eq!(both.0, both.1);
    assert_eq!(first(3).await, both.0);
    let elsewhere = shop
        .storage
        .account_of_identity("https://other.example", "ada", id(4), at(0))
        .await;
    assert_eq!(elsewhere.unwrap(), id(4));
    let (account, password) = shop.storage.account(both.0).await.unwrap().unwrap();
    assert_eq!((account.email, password), (None, None));
    assert_eq!(
        shop.storage.account(id(3)).await.unwrap(),
        None,
        "nothing is left over"
    );
}

#[tokio::test]
async fn an_account_has_so_many_sessions_and_scopes_and_no_more() {
    let shop = Shop::open().await;
    let ada = signed_up(&shop).await;
    for number in 2..=102_u128 {
        let mut session = session(number, 0);
        session.refresh_hash[..16].copy_from_slice(&number.to_be_bytes());
        session.now = at(number as i64);
        let opened = shop
            .storage
            .open_session(ada, Some(guest(number)), &session)
            .await
            .unwrap();
        assert_eq!(opened.guest_added, Some(number <= 51), "{number}");
    }
    let sessions = shop.storage.sessions_of(ada, at(200)).await.unwrap();
    assert_eq!(sessions.len(), 100);
    assert_eq!(sessions[0].id, Uuid::from_u128(102));
    assert_eq!(shop.storage.guests_of(ada).await.unwrap().len(), 50);
}

#[tokio::test]
async fn a_list_of_several_customers_is_in_order_and_in_pages() {
    let shop = Shop::with_product("tea", 100).await;
    let mut expected = Vec::new();
    for second in 0..6 {
        let owner = crate::shop::customer(second as u128 % 3);
        let command = crate::shop::submit(owner, &format!("k{second}"), &[("tea", 1)], at(second));
        shop.handle(vec![command.clone()], at(second)).await.unwrap();
        if second % 3 != 2 {
            expected.insert(0, command.order);
        }
    }
    let access = Access::Customers(
        [
            Customer::Account(AccountId(Uuid::from_u128(1))),
            crate::shop::customer(0),
            crate::shop::customer(1),
        ]
        .into(),
    );
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = shop
            .storage
            .orders(access.clone(), &OrderFilter::default(), after, 3)
            .await
            .unwrap();
        found.extend(page.orders.iter().map(|order| order.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, expected);
    assert!(
        shop.storage
            .order(access.clone(), expected[0])
            .await
            .unwrap()
            .is_some()
    );
    let stranger = Access::Customers([crate::shop::customer(2)].into());
    assert!(shop.storage.order(stranger, expected[0]).await.unwrap().is_none());
}
