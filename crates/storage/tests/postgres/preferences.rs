//! What customers have chosen, and whom the hub writes to.

use domain::{AccountId, Customer, GuestId, OrderCommand};
use storage::{Account, MailTo, NewSession, Preferences, Role, Storage, Topic, Way, Ways};
use uuid::Uuid;

use crate::shop::{Shop, at, options, submit};

const ADA: AccountId = AccountId(Uuid::from_u128(1));
const GUEST: GuestId = GuestId(Uuid::from_u128(7));
const STRANGER: GuestId = GuestId(Uuid::from_u128(8));

async fn sign_up(shop: &Shop, guest: Option<GuestId>) {
    let account = Account {
        id: ADA,
        email: Some("Ada@example.org".into()),
        email_key: Some("ada@example.org".into()),
        role: Role::Customer,
        name: String::new(),
        locale: "de-AT".into(),
        created_at: at(0),
        updated_at: at(0),
    };
    let session = NewSession {
        id: Uuid::from_u128(3),
        refresh_hash: [3; 32],
        device: "app".into(),
        now: at(0),
        expires_at: at(1000),
        ends_at: at(1000),
    };
    let signed_up = shop.storage.sign_up(&account, "hash", guest, &session).await;
    signed_up.unwrap();
}

async fn role(shop: &Shop, service: &str) -> Storage {
    let url = shop.servers.database_url_of(service);
    Storage::connect(options(&url, 2)).await.unwrap()
}

fn quiet() -> Preferences {
    let none = Ways {
        push: false,
        email: false,
    };
    Preferences {
        orders: Ways {
            push: false,
            email: true,
        },
        wishes: none,
        news: Ways {
            push: true,
            email: true,
        },
        locale: Some("de".into()),
    }
}

#[tokio::test]
async fn what_was_chosen_is_read_and_put_anew_and_others_are_not_touched() {
    let shop = Shop::open().await;
    let (one, other) = (Customer::Guest(GUEST), Customer::Guest(STRANGER));
    let door = role(&shop, "rest-api").await;
    assert_eq!(door.preferences(one).await.unwrap(), Preferences::default());
    assert!(door.put_preferences(one, &quiet(), at(1)).await.unwrap());
    assert_eq!(door.preferences(one).await.unwrap(), quiet());
    assert_eq!(door.preferences(other).await.unwrap(), Preferences::default());
    let usual = Preferences::default();
    assert!(door.put_preferences(one, &usual, at(2)).await.unwrap());
    assert_eq!(door.preferences(one).await.unwrap(), usual);
}

#[tokio::test]
async fn of_a_guest_who_signed_up_the_accounts_choice_counts() {
    let shop = Shop::open().await;
    sign_up(&shop, Some(GUEST)).await;
    let (guest, account, other) = (
        Customer::Guest(GUEST),
        Customer::Account(ADA),
        Customer::Guest(STRANGER),
    );
    let hub = role(&shop, "notification-hub").await;
    let told = async || hub.preferences_told_of(&[guest, account, other]).await.unwrap();
    assert!(told().await.is_empty());
    let german = Preferences {
        locale: Some("de".into()),
        ..Preferences::default()
    };
    shop.storage.put_preferences(guest, &german, at(1)).await.unwrap();
    let known = told().await;
    assert_eq!((known.get(&guest), known.get(&account)), (Some(&german), None));
    shop.storage
        .put_preferences(account, &quiet(), at(2))
        .await
        .unwrap();
    let known = told().await;
    assert_eq!(known.get(&guest), Some(&quiet()));
    assert_eq!(known.get(&account), Some(&quiet()));
    assert_eq!(known.get(&other), None);
}

#[tokio::test]
async fn news_that_are_stopped_leave_all_else_as_it_was() {
    let shop = Shop::open().await;
    sign_up(&shop, Some(GUEST)).await;
    let door = role(&shop, "web-frontend").await;
    let (guest, account) = (Customer::Guest(GUEST), Customer::Account(ADA));
    shop.storage
        .put_preferences(account, &quiet(), at(1))
        .await
        .unwrap();
    door.stop_news(guest, at(2)).await.unwrap();
    door.stop_news(guest, at(3)).await.unwrap();
    for customer in [guest, account] {
        let now = door.preferences(customer).await.unwrap();
        assert!(
            !now.allows(Topic::News, Way::Push) && !now.allows(Topic::News, Way::Email),
            "{customer}"
        );
        assert!(now.allows(Topic::Orders, Way::Email), "{customer}");
    }
    let now = door.preferences(account).await.unwrap();
    assert_eq!(
        (now.wishes, now.locale),
        (quiet().wishes, quiet().locale),
        "as it was chosen"
    );
}

#[tokio::test]
async fn an_erased_customers_choice_is_gone_and_no_new_one_is_kept() {
    let shop = Shop::open().await;
    sign_up(&shop, Some(GUEST)).await;
    let storage = &shop.storage;
    for customer in [
        Customer::Guest(GUEST),
        Customer::Account(ADA),
        Customer::Guest(STRANGER),
    ] {
        storage.put_preferences(customer, &quiet(), at(1)).await.unwrap();
    }
    let door = role(&shop, "rest-api").await;
    door.erase_account(ADA, None, None, at(2)).await.unwrap();
    for customer in [Customer::Guest(GUEST), Customer::Account(ADA)] {
        assert!(!door.put_preferences(customer, &quiet(), at(3)).await.unwrap());
        door.stop_news(customer, at(3)).await.unwrap();
        assert_eq!(
            door.preferences(customer).await.unwrap(),
            Preferences::default(),
            "{customer}"
        );
    }
    let other = Customer::Guest(STRANGER);
    assert_eq!(door.preferences(other).await.unwrap(), quiet());
}

#[tokio::test]
async fn the_hub_learns_whom_to_write_to_and_no_more() {
    let shop = Shop::with_product("tea", 10).await;
    let hub = role(&shop, "notification-hub").await;
    let ask = async |order: &OrderCommand| hub.mail_of_order(order.order).await.unwrap();
    let to = |email: &str, locale: Option<&str>| MailTo::Address {
        email: email.into(),
        locale: locale.map(str::to_owned),
    };
    let [early, late] =
        ["early", "late"].map(|key| submit(Customer::Guest(GUEST), key, &[("tea", 1)], at(0)));
    assert_eq!(ask(&early).await, MailTo::Unknown);
    shop.handle(vec![early.clone()], at(1)).await.unwrap();
    assert_eq!(ask(&early).await, to("ada@example.org", None));
    assert_eq!(
        hub.mail_of_customer(Customer::Guest(GUEST)).await.unwrap(),
        MailTo::Nobody
    );

    sign_up(&shop, Some(GUEST)).await;
    assert_eq!(ask(&early).await, to("ada@example.org", Some("de-AT")));
    for customer in [Customer::Guest(GUEST), Customer::Account(ADA)] {
        assert_eq!(
            hub.mail_of_customer(customer).await.unwrap(),
            to("Ada@example.org", Some("de-AT"))
        );
    }

    shop.storage.erase_account(ADA, None, None, at(9)).await.unwrap();
    assert_eq!(
        ask(&early).await,
        MailTo::Nobody,
        "while its order is under way, too"
    );
    shop.handle(vec![late.clone()], at(10)).await.unwrap();
    assert_eq!(ask(&late).await, MailTo::Nobody);
    let account = hub.mail_of_customer(Customer::Account(ADA)).await.unwrap();
    assert_eq!(account, MailTo::Nobody);
}
