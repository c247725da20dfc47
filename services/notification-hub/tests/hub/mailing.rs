//! What mails need: stored orders, an account with an address, and the inbox.

use chassis::clock;
use devstack::servers::postgres::psql;
use devstack::testing::eventually;
use domain::{Customer, OrderEvent};
use notification_hub::mail::mailbox;
use notification_hub::notification::{What, delivery_id};
use push_sandbox::{Mail, MailFilter};
use serde_json::json;
use storage::{Account, DeliveryState, NewSession, Role};

use crate::shop::Shop;

pub(crate) const ADA: &str = "ada@example.org";

impl Shop {
    /// As the processor stores an order of `event`, as far as a mail needs it.
    pub(crate) fn store(&self, event: &OrderEvent, email: &str) {
        let document = json!({ "contact": { "email": email } });
        let (id, customer, state) = (event.order, event.customer, event.state.as_str());
        let statement = format!(
            "INSERT INTO orders (id, customer, state, version, fingerprint, submitted_at, updated_at, document) \
             VALUES ('{id}', '{customer}', '{state}', {}, '', now(), now(), '{document}')",
            event.version
        );
        psql(&self.servers.database_url, &statement).unwrap();
    }

    pub(crate) async fn mail_state(&self, event: &OrderEvent) -> Option<DeliveryState> {
        let mailbox = mailbox(&What::Order(event.clone()), event.customer);
        let row = self
            .storage
            .delivery(event.at, delivery_id(event.id(), mailbox.id))
            .await;
        row.unwrap().map(|row| row.state)
    }

    pub(crate) async fn mail_becomes(&self, event: &OrderEvent, state: DeliveryState) {
        eventually("the mail to be settled", async || {
            (self.mail_state(event).await == Some(state)).then_some(())
        })
        .await;
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.providers.sandbox.mails(&MailFilter::default())
    }

    pub(crate) async fn sign_up(&self, locale: &str) -> Customer {
        let id = clock::random_id();
        let account = Account {
            id: domain::AccountId(id),
            email: Some(ADA.into()),
            email_key: Some(ADA.into()),
            role: Role::Customer,
            name: "Ada".into(),
            locale: locale.into(),
            created_at: clock::now(),
            updated_at: clock::now(),
        };
        let session = NewSession {
            id,
            refresh_hash: [1; 32],
            device: "app".into(),
            now: clock::now(),
            expires_at: clock::now(),
            ends_at: clock::now(),
        };
        let signed_up = self.storage.sign_up(&account, "hash", None, &session).await;
        signed_up.unwrap();
        Customer::Account(account.id)
    }
}
