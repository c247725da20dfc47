//! What the service needs to know.

use std::net::SocketAddr;

use chassis::args::{PublicPortArgs, SecretKeyArgs, ServersArgs, ServiceArgs};
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

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub port: PublicPortArgs,

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
    pub servers: ServersArgs,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub service: ServiceArgs,
}

#[cfg(test)]
mod tests {
    use chassis::args::without_environment_name;
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_flag_has_an_environment_name() {
        let command = Args::command();
        command.clone().debug_assert();
        assert_eq!(without_environment_name(&command), Vec::<String>::new());
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
