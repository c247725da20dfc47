//! Reaching the servers.

use std::time::Duration;

use chassis::args::{DatabaseArgs, NatsArgs};
use chassis::clock;
use chassis::connect::{Failure, retry};
use messaging::{ConnectError, Messaging};
use storage::{Storage, StorageError};

const NAME: &str = "waybillctl";

pub(crate) async fn database(args: &DatabaseArgs, limit: Duration) -> anyhow::Result<Storage> {
    retry("Postgres", limit, async || {
        let options = storage::ConnectOptions {
            url: args.database_url.clone(),
            name: NAME.into(),
            max_connections: args.database_connections,
            timeout: args.database_timeout,
        };
        Storage::connect(options).await.map_err(of_storage)
    })
    .await
}

pub(crate) fn of_storage(error: StorageError) -> Failure<StorageError> {
    match error {
        StorageError::Unavailable(_) => Failure::Transient(error),
        _ => Failure::Permanent(error),
    }
}

pub(crate) async fn nats(args: &NatsArgs, limit: Duration) -> anyhow::Result<Messaging> {
    let seed = args.seed()?;
    retry("NATS", limit, async || {
        let options = messaging::ConnectOptions {
            url: args.nats_url.clone(),
            seed: seed.clone(),
            name: NAME.into(),
            request_timeout: args.nats_timeout,
            now: clock::now,
        };
        Messaging::connect(options).await.map_err(|error| match error {
            ConnectError::TooOld { .. } | ConnectError::Denied { .. } => Failure::Permanent(error),
            ConnectError::Unreachable { .. } => Failure::Transient(error),
        })
    })
    .await
}
