//! Making what is missing, changing streams, never changing a consumer.

use async_nats::jetstream::consumer::{self, IntoConsumerConfig};
use async_nats::jetstream::context::RequestError;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::{self, ConsumerCreateStrictErrorKind};
use async_nats::jetstream::{Error, ErrorCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{ConsumerPlan, consumers, streams};
use crate::publisher::from_server;
use crate::{Messaging, PublishError};

/// How often the server is asked the same before it is given up: on a slow disk it makes streams slowly.
const TRIES: u32 = 3;

/// What [`apply`] did to one stream or consumer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// `ORDERS` or `ORDERS/order-processor-p00`.
    pub name: String,
    /// `created`, `updated` (streams only) or `unchanged`.
    pub change: &'static str,
}

/// Why the topology could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// A consumer exists with other settings: it is never changed silently.
    #[error("consumer {name} exists with other settings ({difference}); delete it by hand if that is meant")]
    Differs {
        /// Which.
        name: String,
        /// How.
        difference: String,
    },
    /// The server did not answer or refused.
    #[error("{name}: {source}")]
    Server {
        /// Which stream or consumer it was about.
        name: String,
        /// The cause.
        source: PublishError,
    },
}

/// Makes every stream and durable consumer, each stream with one copy. Idempotent.
///
/// # Errors
/// [`TopologyError`].
pub async fn apply(messaging: &Messaging) -> Result<Vec<Applied>, TopologyError> {
    apply_replicated(messaging, 1).await
}

/// As [`apply`], with `replicas` copies of each stream: 3 in production.
///
/// # Errors
/// [`TopologyError`].
pub async fn apply_replicated(messaging: &Messaging, replicas: usize) -> Result<Vec<Applied>, TopologyError> {
    let mut applied = Vec::new();
    for wanted in streams(replicas) {
        let change = apply_stream(messaging, &wanted).await.map_err(at(&wanted.name))?;
        applied.push(Applied {
            name: wanted.name,
            change,
        });
    }
    for plan in consumers() {
        let name = format!("{}/{}", plan.stream, plan.name());
        let mut change = apply_consumer(messaging, &plan, &name).await;
        if let Err(TopologyError::Server {
            source: PublishError::Unknown(_),
            ..
        }) = change
        {
            // It may have been made meanwhile.
            change = apply_consumer(messaging, &plan, &name).await;
        }
        let change = change?;
        applied.push(Applied { name, change });
    }
    for Applied { name, change } in applied.iter().filter(|applied| applied.change != "unchanged") {
        tracing::info!(name, change, "topology applied");
    }
    Ok(applied)
}

fn at(name: &str) -> impl FnOnce(PublishError) -> TopologyError + use<> {
    let name = name.to_owned();
    |source| TopologyError::Server { name, source }
}

async fn apply_stream(messaging: &Messaging, wanted: &stream::Config) -> Result<&'static str, PublishError> {
    let name = &wanted.name;
    let found: Option<stream::Info> = ask(
        messaging,
        format!("STREAM.INFO.{name}"),
        &json!({}),
        ErrorCode::STREAM_NOT_FOUND,
    )
    .await?;
    // How a stream is flushed can't be changed.
    let wanted = &stream::Config {
        persist_mode: found
            .as_ref()
            .map_or(wanted.persist_mode, |found| found.config.persist_mode),
        ..wanted.clone()
    };
    let (action, change) = match found {
        None => ("CREATE", "created"),
        Some(found) if differences(wanted, &found.config).is_empty() => return Ok("unchanged"),
        Some(_) => ("UPDATE", "updated"),
    };
    let made: Option<stream::Info> = ask(
        messaging,
        format!("STREAM.{action}.{name}"),
        wanted,
        ErrorCode::STREAM_NOT_FOUND,
    )
    .await?;
    let made = made.ok_or_else(|| PublishError::Refused("the stream vanished meanwhile".into()))?;
    // A server that does not know a setting drops it without a word.
    match differences(wanted, &made.config).as_slice() {
        [] => Ok(change),
        dropped => Err(PublishError::Refused(format!(
            "the server did not take {}",
            dropped.join(", ")
        ))),
    }
}

async fn apply_consumer(
    messaging: &Messaging,
    plan: &ConsumerPlan,
    name: &str,
) -> Result<&'static str, TopologyError> {
    let wanted = plan.config.clone().into_consumer_config();
    let info = format!("CONSUMER.INFO.{}.{}", plan.stream, plan.name());
    let found: Option<consumer::Info> = ask(messaging, info, &json!({}), ErrorCode::CONSUMER_NOT_FOUND)
        .await
        .map_err(at(name))?;
    let (config, change) = match found {
        Some(found) => (found.config, "unchanged"),
        None => (
            create_consumer(messaging, plan).await.map_err(at(name))?,
            "created",
        ),
    };
    match differences(&wanted, &config).as_slice() {
        [] => Ok(change),
        differing => Err(TopologyError::Differs {
            name: name.to_owned(),
            difference: differing.join(", "),
        }),
    }
}

async fn create_consumer(
    messaging: &Messaging,
    plan: &ConsumerPlan,
) -> Result<consumer::Config, PublishError> {
    let made = messaging
        .jetstream
        .create_consumer_strict_on_stream(plan.config.clone(), plan.stream)
        .await;
    Ok(made
        .map_err(|error| match error.kind() {
            ConsumerCreateStrictErrorKind::TimedOut => PublishError::Unknown(error.to_string()),
            _ => PublishError::Refused(error.to_string()),
        })?
        .cached_info()
        .config
        .clone())
}

/// What of `wanted` is otherwise in `found`: `max_ack_pending is 10, not 256`. What the server adds does not count.
fn differences<T: Serialize>(wanted: &T, found: &T) -> Vec<String> {
    let (Ok(Value::Object(wanted)), Ok(found)) = (serde_json::to_value(wanted), serde_json::to_value(found))
    else {
        return vec!["unreadable".into()];
    };
    let differing = |(key, value): (&String, &Value)| {
        let is = &found[key];
        (is != value).then(|| format!("{key} is {is}, not {value}"))
    };
    wanted.iter().filter_map(differing).collect()
}

/// Asks the JetStream API; `None` where the answer is the error `missing`.
async fn ask<T: DeserializeOwned>(
    messaging: &Messaging,
    subject: String,
    body: &impl Serialize,
    missing: ErrorCode,
) -> Result<Option<T>, PublishError> {
    let mut tries = 1;
    loop {
        let answer: Result<Response<T>, RequestError> =
            messaging.jetstream.request(subject.clone(), body).await;
        match answer {
            Ok(Response::Ok(value)) => return Ok(Some(value)),
            Ok(Response::Err { error }) => return not_found(&error, missing).map(|()| None),
            Err(error) if tries == TRIES => return Err(PublishError::Unknown(error.to_string())),
            Err(error) => tracing::warn!(subject, %error, "no answer yet, asking again"),
        }
        tries += 1;
    }
}

fn not_found(error: &Error, missing: ErrorCode) -> Result<(), PublishError> {
    if error.error_code() == missing {
        Ok(())
    } else {
        Err(from_server(error))
    }
}
