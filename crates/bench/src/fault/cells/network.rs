//! Connections that go silent or slow.

use std::time::Duration;

use anyhow::Result;
use devstack::Part;
use devstack::proxy::Mode;

use super::servers::accepts;
use super::stack_with;
use crate::Answer;
use crate::fault::browse::{Visitor, Visits};
use crate::fault::cell::Silence;
use crate::fault::customer::Customer;
use crate::fault::{Drill, Outcome, Settings, eventually};

const SERVERS: [Part; 3] = [Part::Postgres, Part::Nats, Part::Redis];
const FAR: Duration = Duration::from_millis(200);
/// Ten times what a batch takes on one machine.
const SLOW: Duration = Duration::from_millis(300);
/// Within which pages must be good again.
const PAGES_AGAIN: Duration = Duration::from_secs(15);

/// One service's connection to one server goes silent: time-outs must fire, and nothing may be used up for good.
pub(super) async fn silent(
    silence: Silence,
    service: Part,
    server: Part,
    settings: Settings,
) -> Result<Outcome> {
    let time = settings.brief().max(settings.long / 3);
    let settings = settings.lasting(time * 2);
    let options = stack_with(&[service])?.through_proxy(service, server);
    let drill = Drill::start(options, settings).await?;
    let customer = match service {
        Part::NotificationHub => Some(Customer::new(&drill).await?),
        _ => None,
    };
    let visits = Visits::default();
    let gone_silent = async |drill: &Drill| {
        let proxy = drill.stack.proxy(service, server)?;
        proxy.set(match silence {
            Silence::BlackHole => Mode::BlackHole,
            Silence::HalfOpen => Mode::HalfOpen,
        });
        let meanwhile = async {
            drill.hold(time / 2).await;
            if service == Part::RestApi {
                ordering(drill, server).await;
            }
            if let Some(customer) = &customer {
                customer.order(drill).await;
            }
            drill.hold(time / 2).await;
            Ok(())
        };
        let visitor = Visitor::new(drill.stack.web_url())?;
        if service == Part::WebFrontend {
            tokio::select! {
                done = meanwhile => done,
                never = visitor.keep_visiting(&visits) => never,
            }?;
        } else {
            meanwhile.await?;
        }
        proxy.set(Mode::Pass);
        if service == Part::WebFrontend {
            drill.note(visits.note());
            drill.must(visits.stuck() == 0, || {
                "pages never ended while the connection was silent".into()
            });
            let good = async || visitor.visit(&visits).await.then_some(());
            if let Err(error) = eventually("good pages", PAGES_AGAIN, good).await {
                drill.broken(error.to_string());
            }
        }
        match &customer {
            Some(customer) => customer.was_told(drill).await,
            None => Ok(()),
        }
    };
    drill.under_load(gone_silent).await
}

/// Without its database or cache the API takes orders; without the broker it must not say that it did.
async fn ordering(drill: &Drill, server: Part) {
    if server != Part::Nats {
        return accepts(drill, server.name()).await;
    }
    let answer = drill.probe().await;
    let refused = matches!(answer, Answer::Refused { status: 503, .. });
    drill.must(refused, || {
        format!("an order while NATS is silent: not 503 but {answer:?}")
    });
}

/// Everything is far away.
pub(super) async fn latency(settings: Settings) -> Result<Outcome> {
    let services = [Part::OrderProcessor, Part::RestApi];
    let mut options = stack_with(&[])?;
    for service in services {
        for server in SERVERS {
            options = options.through_proxy(service, server);
        }
    }
    let drill = Drill::start(options, settings).await?;
    let far = async |drill: &Drill| {
        let all = |mode| {
            for service in services {
                for server in SERVERS {
                    drill.stack.proxy(service, server)?.set(mode);
                }
            }
            anyhow::Ok(())
        };
        all(Mode::Latency(FAR))?;
        drill.hold(settings.brief()).await;
        accepts(drill, "nearness").await;
        all(Mode::Pass)
    };
    drill.under_load(far).await
}

/// The processor falls behind and catches up.
pub(super) async fn slow_consumer(settings: Settings) -> Result<Outcome> {
    let settings = settings.lasting(settings.long * 2);
    let options = stack_with(&[])?.through_proxy(Part::OrderProcessor, Part::Postgres);
    let drill = Drill::start(options, settings).await?;
    let slow = async |drill: &Drill| {
        let proxy = drill.stack.proxy(Part::OrderProcessor, Part::Postgres)?;
        proxy.set(Mode::Latency(SLOW));
        drill.hold(settings.long).await;
        proxy.set(Mode::Pass);
        Ok(())
    };
    drill.under_load(slow).await
}
