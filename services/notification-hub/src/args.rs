//! Flags and their environment names.

mod email;
mod pace;

use std::path::PathBuf;
use std::time::Duration;

use chassis::args::{DatabaseArgs, NatsArgs, ServiceArgs, period};
use clap::{Args, Parser};
use url::Url;

pub use self::pace::PaceArgs;
use crate::feedback::Told;

pub use email::{EmailArgs, Secured, SmtpServer};

/// Announces what happened to every device of a customer.
///
/// Takes the events of orders and sends a push to each of the customer's devices, through Apple's (APNs), Google's (FCM) and
/// Microsoft's (WNS) push services and those of browsers (Web Push), and an e-mail to the order's contact. A platform without credentials is
/// switched off: it takes no notifications.
#[derive(Debug, Clone, Parser)]
#[command(name = "notification-hub", version)]
pub struct HubArgs {
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub service: ServiceArgs,

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
    pub push: PushArgs,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub pace: PaceArgs,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub apns: ApnsArgs,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub fcm: FcmArgs,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub wns: WnsArgs,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub email: EmailArgs,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub webpush: WebPushArgs,
}

/// What all push services share.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Push, all platforms")]
pub struct PushArgs {
    /// PEM file of certificates that are trusted for push services beside the system's, for a stand-in with a CA of its own.
    #[arg(long, env = "PUSH_ROOT_CA", value_name = "FILE")]
    pub push_root_ca: Option<PathBuf>,

    /// Development only: connections to any WNS channel host, and to the push sandbox's pretend browsers, go to this address instead.
    #[arg(long, env = "PUSH_ALLOW", value_name = "HOST:PORT")]
    pub push_allow: Option<String>,

    /// Connections to each push service. FCM takes 100 pushes at once on each, APNs 1,000.
    #[arg(long, env = "PUSH_CONNECTIONS", value_name = "N", default_value_t = 4, value_parser = connections)]
    pub push_connections: usize,

    /// Of which pushes is told on events.push.<state>.<installation> what became of them.
    #[arg(long, env = "PUSH_FEEDBACK", value_name = "WHICH", value_enum, default_value_t = Told::Trouble)]
    pub push_feedback: Told,

    /// How long a push service may take for an answer before a push counts as of unknown outcome, e.g. 10s.
    #[arg(long, env = "PUSH_TIMEOUT", value_name = "DURATION", default_value = "10s", value_parser = period)]
    pub push_timeout: Duration,

    /// Pushes in flight at once to each push service, and as many that go to many customers.
    #[arg(long, env = "PUSH_CONCURRENCY", value_name = "N", default_value_t = 256, value_parser = concurrency)]
    pub push_concurrency: usize,
}

/// Apple Push Notification service. Give all of key file, key id, team id and topic, or none.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Apple (APNs): all four of key file, key id, team id and topic, or none")]
pub struct ApnsArgs {
    /// The provider's signing key: the .p8 file that Apple gives.
    #[arg(long, env = "APNS_KEY_FILE", value_name = "FILE", requires_all = ["apns_key_id", "apns_team_id", "apns_topic"])]
    pub apns_key_file: Option<PathBuf>,

    /// The key's id, 10 characters.
    #[arg(long, env = "APNS_KEY_ID", value_name = "ID", requires = "apns_key_file")]
    pub apns_key_id: Option<String>,

    /// The team's id, 10 characters.
    #[arg(long, env = "APNS_TEAM_ID", value_name = "ID", requires = "apns_key_file")]
    pub apns_team_id: Option<String>,

    /// The topic: the app's bundle id.
    #[arg(
        long,
        env = "APNS_TOPIC",
        value_name = "BUNDLE_ID",
        requires = "apns_key_file"
    )]
    pub apns_topic: Option<String>,

    /// Topics of further apps, e.g. shop.waybill.staff=shop.waybill.staff.ios, separated by commas: devices that are registered for the app
    /// before the sign are sent to the topic after it.
    #[arg(long, env = "APNS_APP_TOPICS", value_name = "APP=BUNDLE_ID", value_delimiter = ',', value_parser = app_topic, requires = "apns_key_file")]
    pub apns_app_topics: Vec<(String, String)>,

    /// Where devices of the production environment are reached.
    #[arg(long, env = "APNS_URL", value_name = "URL", default_value = "https://api.push.apple.com/", value_parser = base_url)]
    pub apns_url: Url,

    /// Where devices of the development environment are reached.
    #[arg(long, env = "APNS_DEVELOPMENT_URL", value_name = "URL", default_value = "https://api.sandbox.push.apple.com/", value_parser = base_url)]
    pub apns_development_url: Url,
}

/// Firebase Cloud Messaging.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Google (FCM)")]
pub struct FcmArgs {
    /// The service account's JSON key file; it names the project and where its tokens are had.
    #[arg(long, env = "FCM_SERVICE_ACCOUNT_FILE", value_name = "FILE")]
    pub fcm_service_account_file: Option<PathBuf>,

    /// The Android notification channel that pushes are shown in; the app must have made it. The app's own default when not given.
    #[arg(
        long,
        env = "FCM_ANDROID_CHANNEL",
        value_name = "ID",
        requires = "fcm_service_account_file"
    )]
    pub fcm_android_channel: Option<String>,

    /// The label that pushes are counted under in Google's analytics: 1 to 50 letters, digits and the characters -_.~%.
    #[arg(long, env = "FCM_ANALYTICS_LABEL", value_name = "LABEL", value_parser = analytics_label, requires = "fcm_service_account_file")]
    pub fcm_analytics_label: Option<String>,

    /// Where FCM is.
    #[arg(long, env = "FCM_URL", value_name = "URL", default_value = "https://fcm.googleapis.com/", value_parser = base_url)]
    pub fcm_url: Url,
}

/// Windows Push Notification Services: one of two ways to sign in, which are not interchangeable.
#[derive(Debug, Clone, Args)]
#[command(
    next_help_heading = "Microsoft (WNS): tenant, client and its secret (Windows App SDK), or package and its secret (UWP)"
)]
pub struct WnsArgs {
    /// Windows App SDK: the directory (tenant) id of the app's registration.
    #[arg(long, env = "WNS_TENANT_ID", value_name = "ID", requires_all = ["wns_client_id", "wns_client_secret_file"], conflicts_with = "wns_package_sid")]
    pub wns_tenant_id: Option<String>,

    /// Windows App SDK: the application (client) id.
    #[arg(long, env = "WNS_CLIENT_ID", value_name = "ID", requires = "wns_tenant_id")]
    pub wns_client_id: Option<String>,

    /// Windows App SDK: file with the client's secret.
    #[arg(
        long,
        env = "WNS_CLIENT_SECRET_FILE",
        value_name = "FILE",
        requires = "wns_tenant_id"
    )]
    pub wns_client_secret_file: Option<PathBuf>,

    /// UWP: the package's security identifier, ms-app://S-1-15-2-….
    #[arg(
        long,
        env = "WNS_PACKAGE_SID",
        value_name = "SID",
        requires = "wns_package_secret_file"
    )]
    pub wns_package_sid: Option<String>,

    /// UWP: file with the package's secret.
    #[arg(
        long,
        env = "WNS_PACKAGE_SECRET_FILE",
        value_name = "FILE",
        requires = "wns_package_sid"
    )]
    pub wns_package_secret_file: Option<PathBuf>,

    /// Where access tokens are had, the whole address. Microsoft's for the sign-in that is used, when not given.
    #[arg(long, env = "WNS_TOKEN_URL", value_name = "URL", value_parser = base_url)]
    pub wns_token_url: Option<Url>,
}

/// Web Push, to browsers. Give both, or none.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Browsers (Web Push): both, or none")]
pub struct WebPushArgs {
    /// The private key that apps subscribe for (VAPID): P-256, PEM. Its public half is logged at the start, for the apps.
    #[arg(
        long,
        env = "WEBPUSH_VAPID_KEY_FILE",
        value_name = "FILE",
        requires = "webpush_subject"
    )]
    pub webpush_vapid_key_file: Option<PathBuf>,

    /// Whom a push service may turn to about what is sent: a mailto: or https: address.
    #[arg(long, env = "WEBPUSH_SUBJECT", value_name = "ADDRESS", value_parser = subject, requires = "webpush_vapid_key_file")]
    pub webpush_subject: Option<String>,
}

fn app_topic(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((app, topic)) if !app.is_empty() && !topic.is_empty() => Ok((app.to_owned(), topic.to_owned())),
        _ => Err("must be APP=BUNDLE_ID".into()),
    }
}

fn analytics_label(text: &str) -> Result<String, String> {
    if fcm::is_analytics_label(text) {
        Ok(text.to_owned())
    } else {
        Err("must have 1 to 50 letters, digits and the characters -_.~%".into())
    }
}

/// RFC 8292, section 2.1.
fn subject(text: &str) -> Result<String, String> {
    let said = || String::from("must be a mailto: or https: address");
    let address: Url = text.parse().map_err(|_| said())?;
    match address.scheme() {
        "mailto" if address.path().contains('@') => Ok(text.to_owned()),
        "https" if address.has_host() => Ok(text.to_owned()),
        _ => Err(said()),
    }
}

fn base_url(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("is no address: {error}"))?;
    if url.scheme() == "https" && url.has_host() {
        Ok(url)
    } else {
        Err("must begin with https://".into())
    }
}

fn connections(text: &str) -> Result<usize, String> {
    within(text, 1, 64)
}

fn concurrency(text: &str) -> Result<usize, String> {
    within(text, 1, 4096)
}

fn within(text: &str, least: usize, most: usize) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (least..=most).contains(&count) => Ok(count),
        _ => Err(format!("must be a number from {least} to {most}")),
    }
}

#[cfg(test)]
mod tests;
