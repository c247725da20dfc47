//! What the service needs to know.

use std::net::SocketAddr;
use std::time::Duration;

use chassis::args::{
    AccessTokenArgs, PasswordArgs, ProxyArgs, PublicPortArgs, SecretKeyArgs, ServersArgs, ServiceArgs,
    at_least_one, period,
};
use clap::Parser;

use crate::cors;
use crate::limits::Limit;

/// The REST API for apps: order, follow, cancel, register devices for push.
#[derive(Debug, Clone, Parser)]
#[command(version)]
pub struct Args {
    /// Address of the public port.
    #[arg(
        long,
        env = "LISTEN",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:8081"
    )]
    pub listen: SocketAddr,

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
    pub proxies: ProxyArgs,

    /// How long a request's body may take to arrive, e.g. 10s.
    #[arg(long, env = "BODY_TIMEOUT", value_name = "DURATION", default_value = "10s", value_parser = period)]
    pub body_timeout: Duration,

    /// How often a silent stream of events says that it is alive, e.g. 15s. Shorter than the idle time-out of any proxy before it.
    #[arg(long, env = "EVENTS_HEARTBEAT", value_name = "DURATION", default_value = "15s", value_parser = period)]
    pub events_heartbeat: Duration,

    /// How much one customer may ask for, all replicas together, e.g. 6000/60s, or off.
    #[arg(
        long,
        env = "CUSTOMER_LIMIT",
        value_name = "N/DURATION",
        default_value = "60000/60s"
    )]
    pub customer_limit: Limit,

    /// How much may be asked for from one address (of IPv6: its network of 64 bits), all replicas together, e.g. 6000/60s, or off.
    #[arg(
        long,
        env = "ADDRESS_LIMIT",
        value_name = "N/DURATION",
        default_value = "600000/60s"
    )]
    pub address_limit: Limit,

    /// Origins whose pages may ask, e.g. https://shop.example, separated by commas. None when not given.
    #[arg(long, env = "CORS_ORIGINS", value_name = "ORIGIN", value_delimiter = ',', value_parser = cors::origin)]
    pub cors_origins: Vec<String>,

    /// The public key that browsers subscribe for (VAPID), in base64url: the other half of the notification hub's. None when not given.
    #[arg(long, env = "WEBPUSH_PUBLIC_KEY", value_name = "KEY", value_parser = public_key)]
    pub webpush_public_key: Option<String>,

    /// The most connections that are open at once; more wait to be taken.
    #[arg(long, env = "MAX_CONNECTIONS", value_name = "N", default_value_t = 20_000, value_parser = at_least_one())]
    pub max_connections: usize,

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
    pub access_tokens: AccessTokenArgs,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub passwords: PasswordArgs,

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

fn public_key(text: &str) -> Result<String, String> {
    if registration::is_public_key(text) {
        Ok(text.to_owned())
    } else {
        Err("must be an uncompressed point of P-256, 65 bytes in base64url".into())
    }
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
    fn the_help_says_what_the_service_is() {
        let about = Args::command().get_about().map(ToString::to_string);
        assert!(about.is_some_and(|words| words.starts_with("The REST API for apps")));
    }

    #[test]
    fn what_would_be_none_at_all_is_refused() {
        let needed = [
            "--secret-key=x",
            "--token-keys-file=x",
            "--database-url=x",
            "--nats-url=x",
            "--redis-url=x",
        ];
        for none in [
            "--http-workers=0",
            "--body-timeout=0s",
            "--password-hashes=0",
            "--sign-ins-per-address=0",
            "--sign-ups-per-address=0",
            "--customer-limit=0/1s",
            "--address-limit=1/0s",
            "--cors-origins=*",
            "--webpush-public-key=BAAA",
            "--max-connections=0",
            "--events-heartbeat=0s",
            "--database-connections=0",
            "--database-timeout=0s",
            "--redis-connections=0",
            "--redis-timeout=0s",
            "--nats-timeout=0s",
        ] {
            let refused = Args::try_parse_from(["rest-api", none].into_iter().chain(needed));
            assert!(refused.is_err_and(|error| error.exit_code() == 2), "{none}");
        }
    }
}
