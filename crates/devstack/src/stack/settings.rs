//! What each program is told through its environment.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Part;
use super::addresses::{Addresses, Use};

/// Names with their values.
pub(super) type Settings = Vec<(String, String)>;

/// Where everything is, for Waybill's programs and for other tools.
pub(super) fn shared(addresses: &Addresses, database_url: &str, redis_url: &str) -> Settings {
    let http = |part| format!("http://localhost:{}", addresses.port(Use::Public(part)));
    let pairs = [
        ("WAYBILL_WEB_URL", http(Part::WebFrontend)),
        ("WAYBILL_API_URL", http(Part::RestApi)),
        ("PUSH_SANDBOX_URL", http(Part::PushSandbox)),
        ("DATABASE_URL", database_url.to_owned()),
        ("REDIS_URL", redis_url.to_owned()),
        (
            "NATS_URL",
            format!("nats://{}", addresses.listen(Use::Public(Part::Nats))),
        ),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

/// What one program is told beyond [`shared`].
pub(super) fn of(part: Part, addresses: &Addresses, folder: &Path) -> Settings {
    let mut settings = vec![("LISTEN".to_owned(), addresses.listen(Use::Public(part)))];
    let mut set = |name: &str, value: String| settings.push((name.to_owned(), value));
    if part == Part::PushSandbox {
        set("PUSH_LISTEN", addresses.listen(Use::Push));
        set("SMTP_LISTEN", addresses.listen(Use::Mail));
        set(
            "PUSH_SANDBOX_DATA_DIR",
            folder.join("push-sandbox").display().to_string(),
        );
    } else {
        set("ADMIN_LISTEN", addresses.listen(Use::Admin(part)));
    }
    let shop = format!(
        "http://localhost:{}",
        addresses.port(Use::Public(Part::WebFrontend))
    );
    match part {
        Part::WebFrontend => {
            set("WAYBILL_DEV", "true".to_owned());
            set("PUBLIC_ORIGIN", shop);
        }
        Part::NotificationHub => set("SHOP_URL", shop),
        _ => {}
    }
    settings
}

/// Replaces `address` of a server by `port` of a proxy in front of it, wherever it stands.
pub(super) fn lead_through(settings: &mut Settings, address: &str, port: u16) {
    for (_, value) in settings {
        if let Some((before, after)) = value.split_once(address)
            && !after.starts_with(|next: char| next.is_ascii_digit())
        {
            *value = format!("{before}127.0.0.1:{port}{after}");
        }
    }
}

/// The push settings of hub and REST API, from what the sandbox says at `/credentials`.
pub(super) async fn push(addresses: &Addresses, folder: &Path) -> Result<Settings> {
    let url = format!(
        "http://{}/credentials",
        addresses.listen(Use::Public(Part::PushSandbox))
    );
    let answer = reqwest::get(&url)
        .await
        .and_then(reqwest::Response::error_for_status);
    let credentials: Value = answer
        .context("the push sandbox gives no credentials")?
        .json()
        .await
        .context("the push sandbox's credentials")?;
    let secret = folder.join("wns-client-secret");
    write_private(&secret, &text(&credentials, "/wns/app_sdk/client_secret")?)?;
    let from = [
        ("PUSH_ROOT_CA", "/ca_pem_path"),
        ("PUSH_ALLOW", "/push_allow"),
        ("APNS_URL", "/apns/url"),
        ("APNS_DEVELOPMENT_URL", "/apns/url"),
        ("APNS_KEY_FILE", "/apns/key_path"),
        ("APNS_KEY_ID", "/apns/key_id"),
        ("APNS_TEAM_ID", "/apns/team_id"),
        ("APNS_TOPIC", "/apns/topic"),
        ("FCM_URL", "/fcm/url"),
        ("FCM_SERVICE_ACCOUNT_FILE", "/fcm/service_account_path"),
        ("WNS_TOKEN_URL", "/wns/app_sdk/token_url"),
        ("WNS_TENANT_ID", "/wns/app_sdk/tenant_id"),
        ("WNS_CLIENT_ID", "/wns/app_sdk/client_id"),
        ("SMTP_URL", "/smtp/url"),
        ("SMTP_USER", "/smtp/user"),
        ("SMTP_PASSWORD_FILE", "/smtp/password_path"),
        ("MAIL_FROM", "/smtp/from"),
        ("WEBPUSH_VAPID_KEY_FILE", "/webpush/vapid_key_path"),
        ("WEBPUSH_SUBJECT", "/webpush/subject"),
        ("WEBPUSH_PUBLIC_KEY", "/webpush/public_key"),
    ];
    let mut settings = vec![("WNS_CLIENT_SECRET_FILE".to_owned(), secret.display().to_string())];
    for (name, pointer) in from {
        settings.push((name.to_owned(), text(&credentials, pointer)?));
    }
    Ok(settings)
}

fn text(credentials: &Value, pointer: &str) -> Result<String> {
    let value = credentials.pointer(pointer).and_then(Value::as_str);
    Ok(value
        .with_context(|| format!("the push sandbox's credentials lack {pointer}"))?
        .to_owned())
}

/// Writes beside the file and takes its place: for its owner only, and never half.
pub(crate) fn write_private(path: &Path, content: &str) -> Result<()> {
    let half = path.with_extension("part");
    // A left-over of a crash might be readable by others.
    let _ = std::fs::remove_file(&half);
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&half)?;
        file.write_all(content.as_bytes())?;
        std::fs::rename(&half, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
