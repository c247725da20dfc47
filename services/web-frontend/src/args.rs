//! What the service needs to know.

use std::net::SocketAddr;

use chassis::args::{DatabaseArgs, NatsArgs, RedisArgs, SecretKeyArgs, ServiceArgs, at_least_one};
use clap::Parser;
use clap::builder::BoolishValueParser;

/// The shop's web site: the catalog, the order form, the order's page, my orders.
#[derive(Debug, Clone, Parser)]
#[command(version, about)]
pub struct Args {
    /// Address of the public port.
    #[arg(
        long,
        env = "LISTEN",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: SocketAddr,

    /// The site's address as browsers see it, e.g. https://shop.example.org. Forms are taken from its pages only.
    /// The request's Host header when not given.
    #[arg(long, env = "PUBLIC_ORIGIN", value_name = "URL")]
    pub public_origin: Option<String>,

    /// For development on plain http: cookies without `Secure`, no HSTS.
    #[arg(long, env = "WAYBILL_DEV", value_parser = BoolishValueParser::new())]
    pub dev: bool,

    /// How many threads answer requests. The machine's cores when not given.
    #[arg(long, env = "HTTP_WORKERS", value_name = "N", value_parser = at_least_one())]
    pub http_workers: Option<usize>,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub secret_key: SecretKeyArgs,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub database: DatabaseArgs,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub nats: NatsArgs,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub redis: RedisArgs,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
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
        for argument in command.get_arguments() {
            let built_in = ["help", "version"].contains(&argument.get_id().as_str());
            assert!(
                built_in || argument.get_env().is_some(),
                "{} has none",
                argument.get_id()
            );
        }
    }

    #[test]
    fn it_does_not_start_without_a_key() {
        let servers = [
            "--database-url=postgres://x",
            "--nats-url=nats://x",
            "--redis-url=redis://x",
        ];
        let refused = Args::try_parse_from(["web-frontend"].into_iter().chain(servers)).unwrap_err();
        assert!(refused.to_string().contains("--secret-key"), "{refused}");
    }
}
