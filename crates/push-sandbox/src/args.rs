//! The command line. Every flag has an environment variable.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

use crate::{Clock, Options};

/// Pretend APNs, FCM, WNS and Web Push on one TLS port, a pretend mail server, and a page that shows what arrived.
///
/// It is no real service and no real device ever hears of it. It checks senders as strictly as the real services do.
#[derive(Debug, Clone, Parser)]
#[command(name = "push-sandbox", version)]
pub struct Args {
    /// Folder for the local CA and the credentials; made when missing, kept on restart.
    #[arg(
        long,
        env = "PUSH_SANDBOX_DATA_DIR",
        value_name = "FOLDER",
        default_value = ".waybill/push-sandbox"
    )]
    pub data_dir: PathBuf,
    /// Address of the page and the JSON for tools, plain HTTP.
    #[arg(
        long,
        env = "LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8082"
    )]
    pub listen: SocketAddr,
    /// Address for senders, TLS with the local CA: APNs, FCM, WNS and Web Push.
    #[arg(
        long,
        env = "PUSH_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8083"
    )]
    pub push_listen: SocketAddr,
    /// How senders reach the push port; `https://localhost:<port>` when left out.
    #[arg(long, env = "PUSH_URL", value_name = "URL", value_parser = https_origin)]
    pub push_url: Option<String>,
    /// Further host names for the push port's certificate, comma-separated.
    #[arg(long, env = "PUSH_HOST_NAMES", value_name = "NAMES", value_delimiter = ',')]
    pub host_names: Vec<String>,
    /// Address for senders of mail, SMTP with STARTTLS and sign-in.
    #[arg(
        long,
        env = "SMTP_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8084"
    )]
    pub smtp_listen: SocketAddr,
    /// Where the REST API is, for the request that the page shows.
    #[arg(
        long,
        env = "WAYBILL_API_URL",
        value_name = "URL",
        default_value = "http://localhost:8081"
    )]
    pub api_url: String,
    /// What is logged, to standard error: a level, or `target=level` pairs.
    #[arg(long, env = "LOG", value_name = "FILTER", default_value = "info")]
    pub log: String,
}

impl Args {
    /// The same as options.
    pub fn options(&self) -> Options {
        Options {
            data_dir: self.data_dir.clone(),
            listen: self.listen,
            push_listen: self.push_listen,
            smtp_listen: self.smtp_listen,
            push_url: self.push_url.clone(),
            host_names: self
                .host_names
                .iter()
                .filter(|name| !name.is_empty())
                .cloned()
                .collect(),
            api_url: self.api_url.trim_end_matches('/').to_owned(),
            clock: Clock::system(),
        }
    }
}

/// An address senders can add a path to.
fn https_origin(value: &str) -> Result<String, String> {
    let host = value
        .strip_prefix("https://")
        .map(|rest| rest.trim_end_matches('/'));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@']) => {
            Ok(format!("https://{host}"))
        }
        _ => Err("wanted https://<host> or https://<host>:<port>, without a path".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_push_url_is_an_https_origin() {
        assert_eq!(
            https_origin("https://push:8083/").as_deref(),
            Ok("https://push:8083")
        );
        for bad in [
            "http://push",
            "https://",
            "https://push/x",
            "https://a@push",
            "push:8083",
        ] {
            assert!(https_origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_flag_has_an_environment_name() {
        use clap::CommandFactory as _;
        Args::command().debug_assert();
        assert!(
            Args::command()
                .get_arguments()
                .all(|flag| flag.get_env().is_some())
        );
    }
}
