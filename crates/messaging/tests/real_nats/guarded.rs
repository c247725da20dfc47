//! A server that knows its users, and one of them who tries more than he may.

use std::collections::BTreeMap;
use std::time::Duration;

use devstack::testing::TestServers;
use messaging::keys::{PublicKeys, Seed, User};
use messaging::topology::{self, permissions};
use messaging::{ConnectError, ConnectOptions, Messaging};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::now;

/// A server that lets in its users only.
pub(crate) struct Guarded {
    servers: TestServers,
    seeds: BTreeMap<User, Seed>,
}

impl Guarded {
    /// With the topology, which the operator applied.
    pub(crate) async fn start() -> Self {
        let seeds: BTreeMap<_, _> = User::ALL.map(|user| (user, Seed::fresh().unwrap())).into();
        let keys = seeds
            .iter()
            .map(|(user, seed)| (*user, seed.public_key().unwrap()));
        let users = permissions::configuration(&PublicKeys::new(keys.collect()).unwrap());
        let servers = TestServers::start_with_nats_users(&users).await;
        let guarded = Self { servers, seeds };
        topology::apply(&guarded.messaging(User::Operator).await)
            .await
            .unwrap();
        guarded
    }

    pub(crate) async fn connect(
        &self,
        name: &str,
        seed: Option<SecretString>,
    ) -> Result<Messaging, ConnectError> {
        Messaging::connect(ConnectOptions {
            url: self.servers.nats_url.clone().into(),
            seed,
            name: name.into(),
            request_timeout: Duration::from_secs(5),
            now,
        })
        .await
    }

    pub(crate) async fn messaging(&self, user: User) -> Messaging {
        let seed = self.seeds[&user].secret().clone();
        self.connect(user.name(), Some(seed)).await.unwrap()
    }

    /// A user past our own crate.
    pub(crate) async fn intruder(&self, user: User) -> Intruder {
        let (told, errors) = unbounded_channel();
        let client = async_nats::ConnectOptions::new()
            .nkey(self.seeds[&user].secret().expose_secret().to_owned())
            .custom_inbox_prefix(format!("_INBOX_{user}"))
            .event_callback(move |event| {
                let _nobody_listens = told.send(event.to_string());
                std::future::ready(())
            })
            .connect(&self.servers.nats_url)
            .await
            .unwrap();
        Intruder { client, errors }
    }
}

/// A user who tries more than he may.
pub(crate) struct Intruder {
    client: async_nats::Client,
    errors: UnboundedReceiver<String>,
}

impl Intruder {
    /// Waits until the server forbids what was tried with `subject`.
    async fn forbidden(&mut self, what: &str, subject: &str) {
        let heard = async {
            while let Some(error) = self.errors.recv().await {
                if error.to_lowercase().contains(what) && error.contains(&format!("\"{subject}\"")) {
                    return;
                }
            }
        };
        let heard = tokio::time::timeout(Duration::from_secs(5), heard).await;
        assert!(heard.is_ok(), "{what} {subject} is not forbidden");
    }

    pub(crate) async fn may_not_publish(&mut self, subject: &str) {
        self.client
            .publish(subject.to_owned(), "{}".into())
            .await
            .unwrap();
        self.forbidden("publish", subject).await;
    }

    pub(crate) async fn may_not_subscribe(&mut self, subject: &str) {
        let _refused = self.client.subscribe(subject.to_owned()).await.unwrap();
        self.forbidden("subscription", subject).await;
    }

    /// What the server answers.
    pub(crate) async fn ask(&self, subject: &str, body: &Value) -> Value {
        let answer = self.client.request(subject.to_owned(), body.to_string().into());
        serde_json::from_slice(&answer.await.unwrap().payload).unwrap()
    }
}
