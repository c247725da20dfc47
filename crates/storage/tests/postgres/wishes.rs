//! Wishes, and how events find them.

use domain::{AccountId, Customer, GuestId, WishId};
use futures_util::future::join_all;
use storage::accounts::NewSession;
use storage::wishes::MOST;
use storage::{Account, Role, Storage, Wish, Wished};
use uuid::Uuid;

use crate::shop::{Shop, at, customer, options};

fn wish(number: u128, owner: Customer, topic: &str) -> Wish {
    Wish {
        id: WishId(Uuid::from_u128(number)),
        customer: owner,
        topic: topic.into(),
        condition: Some(format!("available > {number}")),
        created_at: at(i64::try_from(number).unwrap()),
    }
}

async fn add(storage: &Storage, wish: &Wish, keys: &[i64]) -> Wished {
    storage.add_wish(wish, keys).await.unwrap()
}

fn ids(wishes: &[Wish]) -> Vec<u128> {
    wishes.iter().map(|wish| wish.id.0.as_u128()).collect()
}

/// The database as the front door and as the hub may use it.
async fn roles(shop: &Shop) -> (Storage, Storage) {
    let open = async |service| {
        let url = shop.servers.database_url_of(service);
        Storage::connect(options(&url, 4)).await.unwrap()
    };
    (open("rest-api").await, open("notification-hub").await)
}

#[tokio::test]
async fn a_wish_is_made_once_read_and_taken_back_by_its_owner_alone() {
    let shop = Shop::open().await;
    let (door, hub) = roles(&shop).await;
    let (ada, eve) = (customer(1), customer(2));
    let tea = wish(1, ada, "catalog.restocked");
    assert_eq!(add(&door, &tea, &[7, 7, 8]).await, Wished::Added);
    let later = Wish {
        created_at: at(99),
        ..tea.clone()
    };
    assert_eq!(add(&door, &later, &[7]).await, Wished::Same(tea.clone()));
    let other = Wish {
        condition: None,
        ..tea.clone()
    };
    assert_eq!(add(&door, &other, &[7]).await, Wished::Other);

    assert_eq!(door.wish(&[ada], tea.id).await.unwrap(), Some(tea.clone()));
    assert_eq!(door.wish(&[eve], tea.id).await.unwrap(), None);
    assert_eq!(door.wishes(&[eve], None, 10).await.unwrap().wishes, []);
    assert!(!door.remove_wish(&[eve], tea.id).await.unwrap());
    assert_eq!(
        hub.wishes_under(&[8, 9, 7], None, 10).await.unwrap(),
        std::slice::from_ref(&tea)
    );
    assert!(door.remove_wish(&[eve, ada], tea.id).await.unwrap());
    assert!(!door.remove_wish(&[ada], tea.id).await.unwrap());
    assert_eq!(hub.wishes_under(&[7, 8], None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_list_goes_page_by_page_from_the_newest() {
    let shop = Shop::open().await;
    for number in 1..=5 {
        let owner = customer(number % 2);
        add(&shop.storage, &wish(number, owner, "catalog.added"), &[]).await;
    }
    // Two that were made in the same moment.
    let twin = Wish {
        created_at: at(5),
        ..wish(6, customer(0), "catalog.added")
    };
    add(&shop.storage, &twin, &[]).await;
    let both = [customer(0), customer(1)];
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = shop.storage.wishes(&both, after, 2).await.unwrap();
        found.extend(ids(&page.wishes));
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(found, [6, 5, 4, 3, 2, 1]);
    let of_one = shop.storage.wishes(&both[1..], None, 10).await.unwrap();
    assert_eq!(ids(&of_one.wishes), [5, 3, 1]);
}

#[tokio::test]
async fn nobody_has_more_than_there_may_be_however_many_are_made_at_once() {
    let shop = Shop::open().await;
    let most = u128::try_from(MOST).unwrap();
    let owner = customer(1);
    for number in 3..=most {
        add(&shop.storage, &wish(number, owner, "catalog.added"), &[1]).await;
    }
    let late: Vec<_> = (0..5)
        .map(|number| wish(1000 + number, owner, "catalog.added"))
        .collect();
    let made = join_all(late.iter().map(|wish| add(&shop.storage, wish, &[1]))).await;
    assert_eq!(made.iter().filter(|made| **made == Wished::Added).count(), 2);
    assert_eq!(made.iter().filter(|made| **made == Wished::Full).count(), 3);
    let again = add(&shop.storage, &wish(3, owner, "catalog.added"), &[1]).await;
    assert!(matches!(again, Wished::Same(_)), "a retry is no more");
    let other = add(&shop.storage, &wish(2000, customer(2), "catalog.added"), &[1]).await;
    assert_eq!(other, Wished::Added);
}

#[tokio::test]
async fn what_is_filed_under_a_key_is_found_in_pages_and_nothing_else() {
    let shop = Shop::open().await;
    let (_, hub) = roles(&shop).await;
    for number in 1..=9 {
        let keys: &[i64] = match number % 3 {
            0 => &[30],
            1 => &[10, 20],
            _ => &[20],
        };
        add(
            &shop.storage,
            &wish(number, customer(number), "catalog.added"),
            keys,
        )
        .await;
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = hub.wishes_under(&[10, 20, 40], after, 4).await.unwrap();
        found.extend(ids(&page));
        after = page.last().map(|last| last.id);
        if page.len() < 4 {
            break;
        }
    }
    assert_eq!(found, [1, 2, 4, 5, 7, 8]);
    assert!(hub.wishes_under(&[], None, 4).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_wish_on_orders_is_found_by_whose_order_it_is() {
    let shop = Shop::open().await;
    let (_, hub) = roles(&shop).await;
    let (account, guest) = (AccountId(Uuid::from_u128(1)), GuestId(Uuid::from_u128(2)));
    let ada = Account {
        id: account,
        email: Some("ada@example.org".into()),
        email_key: Some("ada@example.org".into()),
        role: Role::Customer,
        name: "Ada".into(),
        locale: "en".into(),
        created_at: at(0),
        updated_at: at(0),
    };
    let session = NewSession {
        id: Uuid::from_u128(1),
        refresh_hash: [1; 32],
        device: "app".into(),
        now: at(0),
        expires_at: at(1000),
        ends_at: at(1000),
    };
    shop.storage
        .sign_up(&ada, "hash", Some(guest), &session)
        .await
        .unwrap();
    let (own, before, stranger) = (Customer::Account(account), Customer::Guest(guest), customer(9));
    for (number, owner, topic) in [
        (1, own, "order.shipped"),
        (2, before, "order.shipped"),
        (3, stranger, "order.shipped"),
        (4, own, "order.delivered"),
    ] {
        add(&shop.storage, &wish(number, owner, topic), &[]).await;
    }
    let topics = ["order.shipped".to_owned()];
    let found = async |owners: &[Customer]| -> Vec<(Customer, u128)> {
        let found = hub.wishes_about_orders(owners, &topics).await.unwrap();
        found
            .into_iter()
            .map(|(owner, wish)| (owner, wish.id.0.as_u128()))
            .collect()
    };
    assert_eq!(
        found(&[own]).await,
        [(own, 1)],
        "not what was left behind as a guest"
    );
    assert_eq!(found(&[before]).await, [(before, 1), (before, 2)]);
    assert_eq!(found(&[stranger, own]).await, [(own, 1), (stranger, 3)]);
    assert_eq!(found(&[]).await, []);
}
