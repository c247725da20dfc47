//! One live subscription per process: it raises floors, drops older in-process entries and wakes watchers.

use std::pin::pin;
use std::sync::Arc;

use cache::Cache;
use domain::Order;
use futures_util::StreamExt;
use messaging::Messaging;
use messaging::live::Live;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::hub::{FLOOR_KEPT, Hub};
use crate::key_of;

/// The task that follows `EVENTS`; ends when dropped.
#[derive(Debug)]
pub(crate) struct Following(JoinHandle<()>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Following {
    pub(crate) fn start(messaging: &Messaging, orders: Cache<Order>, hub: Arc<Hub>) -> Self {
        // Until it has caught up, versions may be about that are not known here.
        orders.suspend_in_process();
        let events = messaging.live(FLOOR_KEPT);
        Self(tokio::spawn(async move {
            let mut events = pin!(events);
            while let Some(news) = events.next().await {
                heed(news, &orders, &hub).await;
            }
            orders.suspend_in_process();
        }))
    }
}

async fn heed(news: Live, orders: &Cache<Order>, hub: &Hub) {
    match news {
        Live::Event(event) => {
            hub.heed(&event);
            orders
                .forget_older(&key_of(event.order), event.version.0.into())
                .await;
        }
        Live::CaughtUp => {
            info!("live: following the orders' events");
            orders.resume_in_process();
            hub.restarted();
        }
        Live::Interrupted => {
            warn!("live: lost the orders' events; the in-process cache rests until they are back");
            metrics::counter!("live_interruptions_total").increment(1);
            orders.suspend_in_process();
        }
    }
}
