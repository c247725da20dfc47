//! Logs and metrics.

use std::io::IsTerminal;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::args::{LogFormat, TelemetryArgs};

/// Upper bounds, in seconds, of every histogram whose name ends in `_seconds`.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// What gives the metrics as text.
#[derive(Clone)]
pub struct Telemetry {
    pub(crate) metrics: PrometheusHandle,
}

/// Starts logging to standard error and collecting metrics. Called once, by `main`.
///
/// # Errors
/// Where the filter can't be read or telemetry was started before.
pub fn init(args: &TelemetryArgs) -> anyhow::Result<Telemetry> {
    let filter = EnvFilter::try_new(&args.log)
        .with_context(|| format!("--log {:?} can't be read; try --log info", args.log))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Colours are for people who look on, not for files and collectors.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(BoxMakeWriter::new(std::io::stderr));
    match args.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    }
    .map_err(|error| anyhow::anyhow!("logging can't start: {error}"))?;
    let metrics = recorder()?.install_recorder().context("metrics can't start")?;
    Ok(Telemetry { metrics })
}

/// Telemetry for a service that a test starts in its own process: metrics of its own, no logging.
///
/// # Errors
/// Where the histogram's bounds can't be set.
pub fn for_tests() -> anyhow::Result<Telemetry> {
    Ok(Telemetry {
        metrics: recorder()?.build_recorder().handle(),
    })
}

fn recorder() -> anyhow::Result<PrometheusBuilder> {
    Ok(PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?)
}
