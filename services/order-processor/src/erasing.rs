//! Erased customers: each of their orders is told to lose its personal data, and nothing of theirs is placed later.
//!
//! The marks in Postgres say what is to be done, and the orders themselves what is done: who begins anew after a crash finds both.

use std::time::Duration;

use chassis::clock;
use domain::{Customer, OrderCommand, OrderId};
use messaging::commands::order_message;
use messaging::{Message, Messaging, schedules::Schedules};
use storage::Storage;
use tokio::time::sleep;

use crate::app::NAME;

/// How long between looks: an erasure begins within this, and what the queue still holds is looked at again after it.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Customers of one look.
const CUSTOMERS: u32 = 50;

/// Orders of one page.
const PAGE: u32 = 256;

/// Walks through the orders of erased customers.
#[derive(Debug)]
pub(crate) struct Erasing {
    storage: Storage,
    messaging: Messaging,
    schedules: Schedules,
}

impl Erasing {
    pub(crate) fn new(storage: Storage, messaging: Messaging) -> Self {
        Self {
            storage,
            schedules: Schedules::new(messaging.clone()),
            messaging,
        }
    }

    /// Looks for erased customers for ever. Several replicas may: the same command is the same message.
    pub(crate) async fn run(self) {
        let mut failing = false;
        loop {
            let looked = self.look().await;
            if let Err(error) = &looked {
                metrics::counter!("erasure_failures_total").increment(1);
                if !failing {
                    tracing::warn!(%error, "erased customers' orders wait");
                }
            }
            failing = looked.is_err();
            sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&self) -> anyhow::Result<()> {
        for customer in self.storage.erasures_to_do(CUSTOMERS).await? {
            self.walk(customer).await?;
        }
        Ok(())
    }

    /// Sends a command for every order of the customer that has personal data still, and notes when there is none any more.
    async fn walk(&self, customer: Customer) -> anyhow::Result<()> {
        let taken_back = self.schedules.cancel_all(customer).await?;
        let (mut sent, mut after) = (0, None);
        loop {
            let page = self.storage.orders_to_erase(customer, after, PAGE).await?;
            let Some(last) = page.last() else {
                break;
            };
            self.send(&page).await?;
            (sent, after) = (sent + page.len(), Some(*last));
        }
        // Orders that were sent a command are not erased yet, as a rule.
        let done = sent == 0 && self.storage.finish_erasure(customer, clock::now()).await?;
        if done {
            metrics::counter!("customers_erased_total").increment(1);
        }
        tracing::info!(
            sent,
            taken_back,
            done,
            "walked through an erased customer's orders"
        );
        Ok(())
    }

    async fn send(&self, orders: &[OrderId]) -> anyhow::Result<()> {
        let now = clock::now();
        let message = |order: &OrderId| order_message(&OrderCommand::erase(*order, now), NAME, None);
        let messages: Vec<Message> = orders.iter().map(message).collect();
        for stored in self.messaging.publish_all(&messages).await {
            stored?;
        }
        Ok(())
    }
}
