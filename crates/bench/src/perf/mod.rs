//! How fast, against floors measured in the same run on the same machine: each figure is a ratio, since machines differ and are noisy.

mod accept;
mod bare;
mod constant;
mod figure;
mod live;
mod push;
mod reads;
mod replay;
mod shop;
mod start;
mod usage;
mod wire;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use chassis::clock;
use serde_json::json;

pub use constant::serve as serve_constant;
pub use figure::{Figure, Sample, table};

use crate::args::PerfArgs;
use shop::Shop;

/// One round: a stack of its own, and everything that is asked for measured in it once.
async fn round(args: &PerfArgs, out: &mut (dyn Write + Send)) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    let mut tell = |some: Vec<Sample>, out: &mut (dyn Write + Send)| -> Result<()> {
        for sample in some {
            writeln!(out, "  {sample}")?;
            samples.push(sample);
        }
        Ok(out.flush()?)
    };
    if args.wants(&["P5", "P6", "P10"]) {
        tell(start::measure(args).await?, out)?;
    }
    if args.wants(&["P1", "P2", "P3", "P4", "P6", "P8"]) {
        let mut shop = Shop::open(args.flush()).await?;
        if args.wants(&["P1", "P2", "P4", "P6"]) {
            tell(accept::measure(&mut shop, args).await?, out)?;
        }
        if args.wants(&["P3"]) {
            tell(reads::measure(&shop, args).await?, out)?;
        }
        if args.wants(&["P4"]) {
            tell(live::latency(&shop).await?, out)?;
        }
        if args.wants(&["P8"]) {
            tell(live::connections(&shop, args).await?, out)?;
        }
        shop.close().await;
    }
    if args.wants(&["P7"]) {
        tell(Box::pin(push::measure(args)).await?, out)?;
    }
    Ok(samples)
}

/// Measures in rounds, prints medians with the least and the greatest, and writes all as JSON into `args.out`.
///
/// # Errors
/// Where a stack can't be started or something can't be measured. A goal that is missed is none.
pub async fn run(args: &PerfArgs, out: &mut (dyn Write + Send)) -> Result<()> {
    let mut samples = Vec::new();
    for number in 1..=args.rounds {
        writeln!(out, "round {number} of {}", args.rounds)?;
        samples.extend(Box::pin(round(args, out)).await?);
    }
    let figures = Figure::all(&samples);
    writeln!(out, "\n{}", table(&figures))?;
    if args.flush_late {
        writeln!(out, "The broker flushed late: not as in production.")?;
    }
    if let Some(folder) = &args.out {
        let path = write_down(folder, &figures, args)?;
        writeln!(out, "\n{path}")?;
    }
    Ok(())
}

fn write_down(folder: &Path, figures: &[Figure], args: &PerfArgs) -> Result<String> {
    std::fs::create_dir_all(folder).context("the results' folder can't be made")?;
    let now = clock::now();
    let path = folder.join(format!("{}.json", now.strftime("%Y-%m-%dT%H-%M-%SZ")));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let all = json!({
        "at": now.to_string(),
        "cores": cores,
        "broker_flushes": if args.flush_late { "late" } else { "always" },
        "rounds": args.rounds,
        "orders": args.orders,
        "devices": args.devices,
        "figures": figures.iter().map(Figure::to_json).collect::<Vec<_>>(),
    });
    std::fs::write(&path, serde_json::to_string_pretty(&all)? + "\n")?;
    Ok(path.display().to_string())
}
