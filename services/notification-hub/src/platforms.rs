//! From the command line to the gateways. A platform without credentials is switched off.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use identity::ServerKey;
use secrecy::{ExposeSecret, SecretString};

use crate::args::{ApnsArgs, EmailArgs, FcmArgs, HubArgs, PushArgs, WebPushArgs, WnsArgs};
use crate::gateway::apns::{self, Apns, ProviderKey};
use crate::gateway::email::{self, Email, Links};
use crate::gateway::es256::Es256;
use crate::gateway::fcm::{self, Fcm};
use crate::gateway::pool::Pool;
use crate::gateway::transport::{Settings, Speaks};
use crate::gateway::webpush::{Vapid, WebPush};
use crate::gateway::wns::{Credentials, Tokens, Wns};

/// The gateways that have credentials.
pub struct Platforms {
    /// Apple's.
    pub apns: Option<Apns>,
    /// Google's.
    pub fcm: Option<Fcm>,
    /// Microsoft's.
    pub wns: Option<Wns>,
    /// The mail server.
    pub email: Option<Email>,
    /// Browsers'.
    pub webpush: Option<WebPush>,
}

impl Platforms {
    /// Reads keys and certificates and sets the gateways up; connects to nothing yet.
    ///
    /// # Errors
    /// Where a file can't be read or does not hold what it should.
    pub async fn open(args: &HubArgs) -> anyhow::Result<Self> {
        let settings = settings(&args.push)?;
        let stand_in = stand_in(&args.push).await?;
        let platforms = Self {
            apns: apns(&args.apns, &settings)?,
            fcm: fcm(&args.fcm, &settings)?,
            wns: wns(&args.wns, &settings, stand_in.clone())?,
            webpush: webpush(&args.webpush, &settings, stand_in)?,
            email: email(&args.email, &settings)?,
        };
        switched("apns", platforms.apns.is_some());
        switched("fcm", platforms.fcm.is_some());
        switched("wns", platforms.wns.is_some());
        switched("email", platforms.email.is_some());
        switched("webpush", platforms.webpush.is_some());
        Ok(platforms)
    }
}

fn switched(platform: &str, on: bool) {
    if on {
        tracing::info!(platform, "pushes are sent");
    } else {
        tracing::warn!(
            platform,
            "switched off: no credentials, so its devices get no pushes"
        );
    }
}

fn settings(args: &PushArgs) -> anyhow::Result<Settings> {
    let root_ca = args
        .push_root_ca
        .as_deref()
        .map(|path| read(path, "PUSH_ROOT_CA"))
        .transpose()?;
    Ok(Settings {
        root_ca: root_ca.map(String::into_bytes),
        timeout: args.push_timeout,
        ..Settings::new(args.push_connections)
    })
}

async fn stand_in(args: &PushArgs) -> anyhow::Result<Vec<SocketAddr>> {
    let Some(allowed) = &args.push_allow else {
        return Ok(Vec::new());
    };
    let found: Vec<_> = tokio::net::lookup_host(allowed.as_str())
        .await
        .with_context(|| format!("PUSH_ALLOW {allowed:?} is no HOST:PORT that can be found"))?
        .collect();
    anyhow::ensure!(!found.is_empty(), "PUSH_ALLOW {allowed:?} has no address");
    tracing::warn!(
        address = allowed,
        "development: pushes to Windows devices and to the sandbox's browsers go to this address"
    );
    Ok(found)
}

fn apns(args: &ApnsArgs, settings: &Settings) -> anyhow::Result<Option<Apns>> {
    let (Some(file), Some(key_id), Some(team_id), Some(topic)) = (
        &args.apns_key_file,
        &args.apns_key_id,
        &args.apns_team_id,
        &args.apns_topic,
    ) else {
        return Ok(None);
    };
    let key = ProviderKey::from_pem(&read(file, "APNS_KEY_FILE")?, key_id, team_id)
        .with_context(|| format!("APNS_KEY_FILE {}", file.display()))?;
    let config = apns::Config {
        key,
        topic: topic.clone(),
        app_topics: args.apns_app_topics.iter().cloned().collect(),
        production: args.apns_url.clone(),
        development: args.apns_development_url.clone(),
    };
    Ok(Some(Apns::new(config, Pool::new(settings, &Speaks::Http2)?)))
}

fn fcm(args: &FcmArgs, settings: &Settings) -> anyhow::Result<Option<Fcm>> {
    let Some(file) = &args.fcm_service_account_file else {
        return Ok(None);
    };
    let mut config = ::fcm::Config::new(::fcm::ServiceAccount::from_file(file)?);
    config.base_url = args.fcm_url.clone();
    let pool = Pool::new(settings, &Speaks::Http2)?;
    config.http = vec![pool.client()];
    let looks = fcm::Looks {
        channel: args.fcm_android_channel.clone(),
        label: args.fcm_analytics_label.clone(),
    };
    Ok(Some(Fcm::new(::fcm::Client::new(config)?, pool, looks)))
}

fn wns(args: &WnsArgs, settings: &Settings, instead: Vec<SocketAddr>) -> anyhow::Result<Option<Wns>> {
    let Some(credentials) = wns_credentials(args)? else {
        return Ok(None);
    };
    let url = match &args.wns_token_url {
        Some(url) => url.clone(),
        None => credentials
            .token_url()
            .context("WNS_TENANT_ID can't stand in an address")?,
    };
    Ok(Some(Wns::new(
        Tokens::new(credentials, url),
        Pool::new(settings, &Speaks::Http1 { instead })?,
    )))
}

fn webpush(
    args: &WebPushArgs,
    settings: &Settings,
    stand_in: Vec<SocketAddr>,
) -> anyhow::Result<Option<WebPush>> {
    let (Some(file), Some(subject)) = (&args.webpush_vapid_key_file, &args.webpush_subject) else {
        return Ok(None);
    };
    let key = Es256::from_pem(&read(file, "WEBPUSH_VAPID_KEY_FILE")?)
        .with_context(|| format!("WEBPUSH_VAPID_KEY_FILE {}", file.display()))?;
    let vapid = Vapid::new(key, subject);
    tracing::info!(
        public_key = vapid.public_key(),
        "browsers must have subscribed for this key"
    );
    let pool = Pool::new(settings, &Speaks::Public { stand_in })?;
    Ok(Some(WebPush::new(vapid, pool)))
}

fn wns_credentials(args: &WnsArgs) -> anyhow::Result<Option<Credentials>> {
    if let (Some(tenant), Some(client_id), Some(file)) = (
        &args.wns_tenant_id,
        &args.wns_client_id,
        &args.wns_client_secret_file,
    ) {
        let secret = secret(file, "WNS_CLIENT_SECRET_FILE")?;
        return Ok(Some(Credentials::AppSdk {
            tenant: tenant.clone(),
            client_id: client_id.clone(),
            secret,
        }));
    }
    if let (Some(package_sid), Some(file)) = (&args.wns_package_sid, &args.wns_package_secret_file) {
        let secret = secret(file, "WNS_PACKAGE_SECRET_FILE")?;
        return Ok(Some(Credentials::Uwp {
            package_sid: package_sid.clone(),
            secret,
        }));
    }
    Ok(None)
}

fn email(args: &EmailArgs, settings: &Settings) -> anyhow::Result<Option<Email>> {
    let (Some(server), Some(from), Some(shop)) = (&args.smtp_url, &args.mail_from, &args.shop_url) else {
        return Ok(None);
    };
    let key = match (&args.secret_key, &args.secret_key_file) {
        (Some(key), _) => key.clone(),
        (None, Some(file)) => secret(file, "WAYBILL_SECRET_KEY_FILE")?,
        (None, None) => {
            anyhow::bail!("with SMTP_URL, give WAYBILL_SECRET_KEY or WAYBILL_SECRET_KEY_FILE, too")
        }
    };
    let key: ServerKey = key
        .expose_secret()
        .parse()
        .context("the secret key can't be used: it")?;
    let credentials = match (&args.smtp_user, &args.smtp_password_file) {
        (Some(user), Some(file)) => Some((user.clone(), secret(file, "SMTP_PASSWORD_FILE")?)),
        _ => None,
    };
    let config = email::Config {
        server: server.clone(),
        credentials,
        root_ca: settings.root_ca.clone(),
        connections: args.smtp_connections,
        from: from.clone(),
        links: Links::new(shop, &key),
    };
    Ok(Some(Email::new(config)?))
}

fn secret(file: &Path, name: &str) -> anyhow::Result<SecretString> {
    let secret = read(file, name)?.trim().to_owned();
    anyhow::ensure!(!secret.is_empty(), "{name} {} is empty", file.display());
    Ok(secret.into())
}

fn read(file: &Path, name: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{name} {} can't be read", file.display()))
}
