//! What the service needs to know.

use std::net::SocketAddr;

use chassis::args::{DatabaseArgs, NatsArgs, RedisArgs, SecretKeyArgs, ServiceArgs};
use clap::Parser;

/// The REST API for apps: order, follow, cancel, register devices for push.
#[derive(Debug, Clone, Parser)]
#[command(version, about)]
pub struct Args {
    /// Address of the public port.
    #[arg(
        long,
        env = "LISTEN",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:8081"
    )]
    pub listen: SocketAddr,

    /// How many threads answer requests. The machine's cores when not given.
    #[arg(long, env = "HTTP_WORKERS", value_name = "N")]
    pub http_workers: Option<usize>,

    /// The key of tokens and links.
    #[command(flatten)]
    pub secret_key: SecretKeyArgs,

    /// Postgres.
    #[command(flatten)]
    pub database: DatabaseArgs,

    /// NATS.
    #[command(flatten)]
    pub nats: NatsArgs,

    /// Redis.
    #[command(flatten)]
    pub redis: RedisArgs,

    /// The service itself.
    #[command(flatten)]
    pub service: ServiceArgs,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_flag_has_an_environment_name() {
        let command = Args::command();
        command.clone().debug_assert();
        for argument in command
            .get_arguments()
            .filter(|argument| !argument.is_positional())
        {
            let built_in = ["help", "version"].contains(&argument.get_id().as_str());
            assert!(
                built_in || argument.get_env().is_some(),
                "{} has none",
                argument.get_id()
            );
        }
    }
}
