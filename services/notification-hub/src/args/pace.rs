//! How fast pushes are sent.

use clap::Args;
use clap::builder::RangedI64ValueParser;
use secrecy::SecretString;

/// How fast each push service is sent to, by all replicas together.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Pace, counted in Redis for all replicas")]
pub struct PaceArgs {
    /// redis://HOST:PORT of records that must not be evicted. Without one each replica paces alone.
    #[arg(long, env = "REDIS_STATE_URL", value_name = "URL", hide_env_values = true)]
    pub redis_state_url: Option<SecretString>,

    /// redis://HOST:PORT that is taken where no other is given.
    #[arg(long, env = "REDIS_URL", value_name = "URL", hide_env_values = true)]
    pub redis_url: Option<SecretString>,

    /// The most pushes to FCM a second, after a minute's ramp; 0 is no limit. 80 % of Google's 600,000 a minute when not given.
    #[arg(long, env = "PUSH_FCM_RATE", value_name = "N", default_value_t = 8_000, value_parser = rate())]
    pub push_fcm_rate: u32,

    /// The most pushes to APNs a second; 0 is no limit.
    #[arg(long, env = "PUSH_APNS_RATE", value_name = "N", default_value_t = 0, value_parser = rate())]
    pub push_apns_rate: u32,

    /// The most pushes to WNS a second; 0 is no limit.
    #[arg(long, env = "PUSH_WNS_RATE", value_name = "N", default_value_t = 0, value_parser = rate())]
    pub push_wns_rate: u32,

    /// The most Web Pushes a second, to all push services of browsers together; 0 is no limit.
    #[arg(long, env = "PUSH_WEBPUSH_RATE", value_name = "N", default_value_t = 0, value_parser = rate())]
    pub push_webpush_rate: u32,

    /// The most e-mails a second; 0 is no limit.
    #[arg(long, env = "PUSH_EMAIL_RATE", value_name = "N", default_value_t = 0, value_parser = rate())]
    pub push_email_rate: u32,
}

fn rate() -> RangedI64ValueParser<u32> {
    RangedI64ValueParser::new().range(0..=1_000_000)
}
