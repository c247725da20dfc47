//! Real servers, customers with devices, and the hub at work.

use std::net::TcpListener;
use std::time::Duration;

use chassis::{clock, telemetry};
use devstack::testing::{TestServers, eventually};
use domain::{Actor, Customer, GuestId, InstallationId, Money, OrderEvent, OrderId, OrderState, Version};
use messaging::{Message, Messaging, events, topology};
use notification_hub::app;
use notification_hub::notification::delivery_id;
use notification_hub::queue::Queue;
use push_sandbox::{Delivery, Device, Filter, Platform};
use storage::{DeliveryState, Installation, Storage};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::providers::{Providers, args, channel};

pub(crate) struct Shop {
    pub(crate) servers: TestServers,
    pub(crate) providers: Providers,
    pub(crate) storage: Storage,
    pub(crate) messaging: Messaging,
}

/// A hub at work; [`Hub::stop`] lets it finish.
pub(crate) struct Hub {
    stop: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Hub {
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.running.await.unwrap().unwrap();
    }
}

/// A registered device.
pub(crate) struct Owned {
    pub(crate) device: Device,
    pub(crate) installation: Installation,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let (servers, providers) = (TestServers::start().await, Providers::start().await);
        let url = servers.database_url.clone();
        Storage::migrate(&url.clone().into()).await.unwrap();
        let storage = Storage::connect(storage::ConnectOptions {
            url: url.into(),
            name: "test".into(),
            max_connections: 4,
            timeout: Duration::from_secs(5),
        })
        .await
        .unwrap();
        let messaging = Messaging::connect(messaging::ConnectOptions {
            url: servers.nats_url.clone().into(),
            seed: None,
            name: "test".into(),
            request_timeout: Duration::from_secs(5),
            now: clock::now,
        })
        .await
        .unwrap();
        topology::apply(&messaging).await.unwrap();
        Self {
            servers,
            providers,
            storage,
            messaging,
        }
    }

    /// A shop with its hub at work on all platforms.
    pub(crate) async fn at_work() -> (Self, Hub) {
        let shop = Self::open().await;
        let hub = shop.hub(&shop.providers.flags());
        (shop, hub)
    }

    pub(crate) fn hub(&self, flags: &[String]) -> Hub {
        let args = args(
            &self.servers.database_url_of("notification-hub"),
            &self.servers.nats_url,
            flags,
        );
        let admin = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        admin.set_nonblocking(true).unwrap();
        let stop = CancellationToken::new();
        let running = tokio::spawn(app::run(
            args,
            admin,
            telemetry::for_tests().unwrap(),
            stop.clone(),
        ));
        Hub { stop, running }
    }

    pub(crate) async fn register(&self, customer: Customer, platform: Platform, locale: &str) -> Owned {
        let device = self.providers.device(platform);
        let installation = Installation {
            id: InstallationId(clock::random_id()),
            app: "shop.waybill.demo".into(),
            customer,
            platform: match platform {
                Platform::Apns => storage::Platform::Apns,
                Platform::Fcm => storage::Platform::Fcm,
                Platform::Wns => storage::Platform::Wns,
                Platform::WebPush => storage::Platform::WebPush,
            },
            environment: "production".into(),
            channel: channel(&device),
            locale: locale.into(),
            tags: Vec::new(),
            expires_at: None,
            updated_at: clock::now(),
        };
        self.storage.put_installation(&installation).await.unwrap();
        Owned { device, installation }
    }

    pub(crate) async fn publish(&self, event: &OrderEvent) {
        self.send(&events::order_event_message(event, "order-processor"))
            .await;
    }

    pub(crate) async fn send(&self, message: &Message) {
        self.messaging.publish(message).await.unwrap();
    }

    /// What has arrived about that order, once it is `count` pushes.
    pub(crate) async fn arrivals(&self, order: OrderId, count: usize) -> Vec<Delivery> {
        // WNS carries the order in the toast, the others in the collapse key: the filter knows both.
        let filter = Filter {
            order: Some(order.to_string()),
            ..Filter::default()
        };
        eventually("the pushes to arrive", async || {
            let found = self.providers.sandbox.deliveries(&filter);
            (found.len() >= count).then_some(found)
        })
        .await
    }

    pub(crate) async fn state(&self, event: &OrderEvent, to: &Owned) -> Option<DeliveryState> {
        let id = delivery_id(event.id(), to.installation.id);
        self.storage
            .delivery(event.at, id)
            .await
            .unwrap()
            .map(|row| row.state)
    }

    pub(crate) async fn becomes(&self, event: &OrderEvent, to: &Owned, state: DeliveryState) {
        eventually("the delivery to be settled", async || {
            (self.state(event, to).await == Some(state)).then_some(())
        })
        .await;
    }

    pub(crate) fn queue(&self) -> Queue {
        Queue {
            storage: self.storage.clone(),
            messaging: self.messaging.clone(),
        }
    }

    /// Waits until every event and notification has been handled.
    pub(crate) async fn emptied(&self) {
        let ours = [topology::EVENTS, topology::NOTIFICATIONS];
        eventually("the queues to be empty", async || {
            let queues = self.messaging.queues().await.ok()?;
            let idle = |queue: &messaging::queues::Queue| {
                queue.consumer.is_none()
                    || !ours.contains(&queue.stream.as_str())
                    || queue.pending + queue.in_hand == 0
            };
            queues.iter().all(idle).then_some(())
        })
        .await;
    }
}

pub(crate) fn customer() -> Customer {
    Customer::Guest(GuestId(clock::random_id()))
}

/// An order of `customer` has just reached `state`.
pub(crate) fn event(customer: Customer, state: OrderState, version: u32) -> OrderEvent {
    OrderEvent {
        order: OrderId(clock::random_id()),
        version: Version(version),
        state,
        customer,
        by: Actor::System("order-processor".into()),
        at: clock::now(),
        total: Some(Money::new(1250, "EUR".parse().unwrap())),
        reason: None,
        refused: None,
        erased: false,
    }
}

/// The same order, further on.
pub(crate) fn later(event: &OrderEvent, state: OrderState) -> OrderEvent {
    OrderEvent {
        version: event.version.next(),
        state,
        at: clock::now(),
        ..event.clone()
    }
}
