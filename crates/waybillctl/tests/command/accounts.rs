//! Accounts.

use chassis::clock;
use domain::AccountId;
use jiff::SignedDuration;
use storage::{Account, NewSession, Role};
use uuid::Uuid;

use crate::shop::Shop;

const ID: AccountId = AccountId(Uuid::from_u128(1));
const EMAIL: &str = "ada@example.org";

async fn sign_up(shop: &Shop) {
    let now = clock::now();
    let account = Account {
        id: ID,
        email: Some(EMAIL.into()),
        email_key: Some(EMAIL.into()),
        role: Role::Customer,
        name: "Ada".into(),
        locale: "en".into(),
        created_at: now,
        updated_at: now,
    };
    let session = NewSession {
        id: Uuid::from_u128(2),
        refresh_hash: [0; 32],
        device: "app".into(),
        now,
        expires_at: now + SignedDuration::from_hours(24),
        ends_at: now + SignedDuration::from_hours(24),
    };
    let storage = shop.storage().await;
    storage.sign_up(&account, "hash", None, &session).await.unwrap();
}

#[tokio::test]
async fn an_account_is_erased_by_its_address_and_told_of_again_by_its_id() {
    let shop = Shop::unattended().await;
    sign_up(&shop).await;
    let erase = |more: &[&str]| {
        let words = ["accounts", "erase", "--timeout", "100ms"];
        words
            .iter()
            .chain(more)
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let run = async |more: &[&str]| {
        let words = erase(more);
        shop.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
            .await
    };
    assert!(run(&["--email", EMAIL]).await.error.contains("add --yes"));
    let unknown = run(&["--email", "eve@example.org", "--yes"]).await;
    assert!(
        unknown.error.contains("no account has that address"),
        "{unknown:?}"
    );
    let unknown = run(&["--id", &Uuid::from_u128(9).to_string(), "--yes"]).await;
    assert!(unknown.error.contains("there is no account"), "{unknown:?}");

    let said = run(&["--email", " Ada@example.org", "--yes"]).await;
    assert!(said.ok && said.out.contains("is erased"), "{said:?}");
    assert!(
        said.out
            .contains(&format!("dead-letters list --customer account:{ID}")),
        "{said:?}"
    );
    let storage = shop.storage().await;
    assert_eq!(storage.account(ID).await.unwrap(), None);
    let again = run(&["--id", &ID.to_string(), "--yes"]).await;
    assert!(again.ok && again.out.contains("was erased before"), "{again:?}");
    let customer = format!("account:{ID}");
    let letters = shop
        .json(&["dead-letters", "list", "--customer", &customer])
        .await;
    assert_eq!(letters, serde_json::json!([]));
}
