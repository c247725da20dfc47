//! Push services fail in every way: pushes come late, orders are untouched.

use std::time::Duration;

use anyhow::Result;
use devstack::Part;
use serde_json::{Value, json};

use super::stack_with;
use crate::fault::customer::{Customer, PLATFORMS};
use crate::fault::{Drill, Outcome, Settings};

const ORDERS: u32 = 3;

/// Faults that pass: the push must arrive all the same.
fn passing() -> [Value; 7] {
    [
        json!({ "kind": "429", "retry_after": 1, "times": 2 }),
        json!({ "kind": "500", "times": 2 }),
        json!({ "kind": "503", "times": 2 }),
        json!({ "kind": "expired-token", "times": 1 }),
        json!({ "kind": "slow", "delay_ms": 2000, "times": 2 }),
        json!({ "kind": "goaway", "times": 2 }),
        json!({ "kind": "reset", "times": 1 }),
    ]
}

pub(super) async fn providers_fail(settings: Settings) -> Result<Outcome> {
    let settings = settings.lasting(Duration::from_secs(30));
    let drill = Drill::start(stack_with(&[Part::NotificationHub])?, settings).await?;
    let mut customer = Customer::new(&drill).await?;
    let mut gone = Vec::new();
    for platform in PLATFORMS {
        for fault in passing() {
            let device = customer.device(&drill, platform).await?;
            customer.spoil(&drill, &device, &fault).await?;
        }
        let device = customer.device(&drill, platform).await?;
        customer.spoil(&drill, &device, &json!({ "kind": "410" })).await?;
        customer.forget(&device);
        gone.push(device);
    }
    let orders = async |drill: &Drill| {
        for _ in 0..ORDERS {
            customer.order(drill).await;
            drill.hold(settings.brief() / ORDERS).await;
        }
        customer.was_told(drill).await?;
        let marked = drill
            .stack
            .psql("SELECT count(*) FROM installations WHERE state = 'gone'")?;
        drill.must(marked == gone.len().to_string(), || {
            format!(
                "{marked} of {} devices that are gone are known as such",
                gone.len()
            )
        });
        Ok(())
    };
    drill.under_load(orders).await
}
