//! What the service needs to know.

use std::net::SocketAddr;
use std::time::Duration;

use chassis::args::{
    AccessTokenArgs, PasswordArgs, ProxyArgs, PublicPortArgs, SecretKeyArgs, ServersArgs, ServiceArgs, period,
};
use clap::Parser;

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
