//! What commands on products told, against the streams. There are few: staff send them.

use std::collections::HashSet;

use domain::{CatalogEvent, Sku, Version};
use jiff::Timestamp;
use messaging::topology::{AUDIT, EVENTS};
use messaging::{Messaging, Told};
use serde::Serialize;
use storage::Storage;

use super::compare::{What, missing};
use crate::output::or_dash;

/// Something that store and streams do not agree on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ProductDifference {
    /// The event's id: the command that caused it.
    pub(super) command: String,
    pub(super) sku: Option<Sku>,
    pub(super) version: Option<Version>,
    pub(super) what: What,
    /// What is to be told; none where it is not known.
    #[serde(skip)]
    pub(super) event: Option<CatalogEvent>,
}

impl ProductDifference {
    pub(super) fn row(&self) -> [String; 4] {
        let became = self.event.as_ref().map(|event| event.verb.as_str());
        [
            or_dash(self.sku.as_ref()),
            or_dash(self.version.map(|version| version.0)),
            or_dash(became),
            self.what.words().into(),
        ]
    }
}

/// What was found in the store and in the streams, in this order.
pub(super) struct Look {
    at: Timestamp,
    history: Vec<CatalogEvent>,
    waiting: HashSet<String>,
    events: Told<String>,
    audit: Told<String>,
}

impl Look {
    pub(super) async fn take(storage: &Storage, messaging: &Messaging) -> anyhow::Result<Self> {
        Ok(Self {
            at: chassis::clock::now(),
            history: storage.catalog_history().await?,
            waiting: messaging.waiting_on_products().await?,
            events: messaging.told_of_products(EVENTS).await?,
            audit: messaging.told_of_products(AUDIT).await?,
        })
    }

    /// Everything that differs, as it was stored; what is not stored comes last.
    pub(super) fn differences(&self) -> Vec<ProductDifference> {
        let stored: HashSet<String> = self
            .history
            .iter()
            .map(|event| event.command.to_string())
            .collect();
        let mut differences = Vec::new();
        for event in &self.history {
            let command = event.command.to_string();
            let what = missing((&self.events, &self.audit), &command, self.at, event.at);
            // While its command waits it may still be told.
            if let Some(what) = what.filter(|_| !self.waiting.contains(&command)) {
                differences.push(ProductDifference {
                    command,
                    sku: Some(event.sku.clone()),
                    version: Some(event.version),
                    what,
                    event: Some(event.clone()),
                });
            }
        }
        let told = self.events.events.union(&self.audit.events);
        let mut unknown: Vec<_> = told.filter(|command| !stored.contains(*command)).collect();
        unknown.sort();
        differences.extend(unknown.into_iter().map(|command| ProductDifference {
            command: command.clone(),
            sku: None,
            version: None,
            what: What::NotStored,
            event: None,
        }));
        differences
    }
}
