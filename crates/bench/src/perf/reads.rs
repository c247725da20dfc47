//! P3: reading an order again and again.

use anyhow::Result;

use super::constant::Constant;
use super::figure::{Goal, Sample};
use super::shop::Shop;
use super::wire::{self, Wire};
use crate::args::PerfArgs;

const CONNECTIONS: usize = 16;

pub(super) async fn measure(shop: &Shop, args: &PerfArgs) -> Result<Vec<Sample>> {
    let path = format!("/v1/orders/{}", shop.decided);
    let request = wire::get(&path, &shop.guest.token, "application/json");
    let (_, answer) = Wire::connect(&shop.authority).await?.ask(&request).await?;
    let floor = Constant::start(answer.len()).await?;
    let rate = async |authority: &str| {
        let request = request.clone();
        let took = wire::drive(authority, CONNECTIONS, args.reads, 200, move |_| request.clone()).await?;
        anyhow::Ok(args.reads as f64 / took.as_secs_f64())
    };
    let before = rate(&floor.authority).await?;
    let system = rate(&shop.authority).await?;
    let after = rate(&floor.authority).await?;
    Ok(vec![Sample {
        name: "P3",
        what: "reads of an order, from the in-process tier",
        unit: "/s",
        floor: Some(f64::midpoint(before, after)),
        system,
        goal: Goal::AtLeast(0.7),
    }])
}
