//! From events to pushes for those who wished to hear of them.

mod found;
mod read;

use std::collections::{BTreeSet, HashMap, HashSet};

use ::wishes::Happened;
use chassis::clock;
use domain::Customer;
use jiff::Timestamp;
use messaging::{Delivery, Handler, HandlerError, Outcome};
use storage::{Platform, Storage, Wish};

use self::found::{Found, fulfilled, what};
use self::read::{Reading, read};
use crate::mail;
use crate::notification::What;
use crate::planned::Planned;
use crate::queue::Queue;
use crate::unavailable;

/// How many wishes are read at once. An event that a hundred thousand wait for is told in as many steps.
const PAGE: u32 = 1000;

/// Takes events from `EVENTS` and queues a push to every device of those whose wishes they fulfil.
#[derive(Debug)]
pub struct Matcher {
    /// The wishes, and the devices.
    pub storage: Storage,
    /// Where the pushes go.
    pub queue: Queue,
    /// The platforms that have credentials; devices of others get nothing.
    pub platforms: Vec<Platform>,
}

impl Handler for Matcher {
    async fn handle(&self, batch: &[Delivery]) -> Result<Vec<Outcome>, HandlerError> {
        let now = clock::now();
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut about_orders = Vec::new();
        for delivery in batch {
            outcomes.push(match read(delivery, now) {
                Reading::ForAll(happened) => {
                    self.tell_all(delivery, &happened, now).await?;
                    Outcome::Done
                }
                Reading::ForOwner(owner, happened) => {
                    about_orders.push((delivery, owner, happened));
                    Outcome::Done
                }
                Reading::Stale => {
                    metrics::counter!("push_stale_events_total").increment(1);
                    Outcome::Done
                }
                Reading::Other => Outcome::Done,
                Reading::Unread(outcome) => outcome,
            });
        }
        self.tell_owners(&about_orders, now).await?;
        Ok(outcomes)
    }
}

impl Matcher {
    /// Tells whoever's wishes an event fulfils that everyone may hear of, page by page.
    async fn tell_all(
        &self,
        cause: &Delivery,
        happened: &Happened,
        now: Timestamp,
    ) -> Result<(), HandlerError> {
        let (keys, mut after, mut told) = (happened.keys(), None, HashSet::new());
        loop {
            let page = self.storage.wishes_under(&keys, after, PAGE).await;
            let page = page.map_err(unavailable)?;
            after = page.last().map(|wish| wish.id);
            let is_last = page.len() < PAGE as usize;
            let mut found = fulfilled(happened, page);
            found.retain(|customer, _| told.insert(*customer));
            self.tell(cause, happened, found, now).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// Tells the owners of orders who wished to hear of what happened to them. One question to the database for all of them.
    async fn tell_owners(
        &self,
        events: &[(&Delivery, Customer, Happened)],
        now: Timestamp,
    ) -> Result<(), HandlerError> {
        if events.is_empty() {
            return Ok(());
        }
        let owners: BTreeSet<Customer> = events.iter().map(|(_, owner, _)| *owner).collect();
        let owners: Vec<_> = owners.into_iter().collect();
        let topics = events.iter().flat_map(|(_, _, happened)| happened.topics());
        let topics: BTreeSet<String> = topics.cloned().collect();
        let topics: Vec<_> = topics.into_iter().collect();
        let wishes = self.storage.wishes_about_orders(&owners, &topics).await;
        let mut by_owner: HashMap<Customer, Vec<Wish>> = HashMap::new();
        for (owner, wish) in wishes.map_err(unavailable)? {
            by_owner.entry(owner).or_default().push(wish);
        }
        for (cause, owner, happened) in events {
            if let Some(wishes) = by_owner.get(owner) {
                let found = fulfilled(happened, wishes.clone());
                self.tell(cause, happened, found, now).await?;
            }
        }
        Ok(())
    }

    /// Queues a push to each device of each customer in `found`: one, however many of his wishes are fulfilled.
    async fn tell(
        &self,
        cause: &Delivery,
        happened: &Happened,
        found: Found,
        now: Timestamp,
    ) -> Result<(), HandlerError> {
        if found.is_empty() {
            return Ok(());
        }
        let customers: Vec<Customer> = found.keys().copied().collect();
        let devices = self.storage.installations_told_of(&customers).await;
        let devices = devices.map_err(unavailable)?.into_iter();
        let planned = devices
            .filter(|(_, device)| self.platforms.contains(&device.platform))
            .filter_map(|(customer, device)| {
                let what = what(cause, happened, found.get(&customer)?);
                Some(Planned::wished(what, &device, &cause.envelope))
            });
        let mut planned: Vec<_> = planned.collect();
        planned.extend(self.mails(cause, happened, &found));
        self.queue.queue(planned, now).await?;
        Ok(())
    }

    /// The mails to those who have an account, and so an address of their own. About an order the announcer writes anyway.
    fn mails(&self, cause: &Delivery, happened: &Happened, found: &Found) -> Vec<Planned> {
        if !self.platforms.contains(&Platform::Email) {
            return Vec::new();
        }
        let accounts = found
            .iter()
            .filter(|(customer, _)| matches!(customer, Customer::Account(_)));
        accounts
            .filter_map(|(customer, wish)| match what(cause, happened, wish) {
                What::Order(_) => None,
                news @ What::News(_) => {
                    let mailbox = mail::mailbox(&news, *customer);
                    Some(Planned::wished(news, &mailbox, &cause.envelope))
                }
            })
            .collect()
    }
}
