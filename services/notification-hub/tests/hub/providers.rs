//! The push services, and the hub's command line for them.

use clap::Parser;
use notification_hub::args::HubArgs;
use notification_hub::platforms::Platforms;
use push_sandbox::{Channel, Delivery, Device, Filter, NewDevice, Options, Platform, Sandbox};
use tempfile::TempDir;

/// The key of the shop's links.
pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A sandbox of the test's own.
pub(crate) struct Providers {
    pub(crate) sandbox: Sandbox,
    folder: TempDir,
}

impl Providers {
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let sandbox = Sandbox::start(Options::on_free_ports(folder.path()))
            .await
            .unwrap();
        Self { sandbox, folder }
    }

    pub(crate) fn device(&self, platform: Platform) -> Device {
        self.sandbox.add_device(&NewDevice::of(platform)).unwrap()
    }

    pub(crate) fn arrived_at(&self, device: &Device) -> Vec<Delivery> {
        let filter = Filter {
            device: Some(device.id.clone()),
            ..Filter::default()
        };
        self.sandbox.deliveries(&filter)
    }

    /// The flags for every platform; Windows in the way of the App SDK.
    pub(crate) fn flags(&self) -> Vec<String> {
        let credentials = &self.sandbox.credentials;
        let (apns, sdk) = (&credentials.apns, &credentials.wns.app_sdk);
        let mut flags = self.shared_flags();
        flags.extend([
            format!("--apns-key-file={}", apns.key_path.display()),
            format!("--apns-key-id={}", apns.key_id),
            format!("--apns-team-id={}", apns.team_id),
            format!("--apns-topic={}", apns.topic),
            format!("--apns-url={}", apns.url),
            format!(
                "--fcm-service-account-file={}",
                credentials.fcm.service_account_path.display()
            ),
            format!("--fcm-url={}", credentials.fcm.url),
            format!("--wns-tenant-id={}", sdk.tenant_id),
            format!("--wns-client-id={}", sdk.client_id),
            format!("--wns-client-secret-file={}", self.secret(&sdk.client_secret)),
            format!("--wns-token-url={}", sdk.token_url),
            format!(
                "--webpush-vapid-key-file={}",
                credentials.webpush.vapid_key_path.display()
            ),
            format!("--webpush-subject={}", credentials.webpush.subject),
        ]);
        flags
    }

    /// The flags for Windows alone, in the way of UWP.
    pub(crate) fn uwp_flags(&self) -> Vec<String> {
        let uwp = &self.sandbox.credentials.wns.uwp;
        let mut flags = self.shared_flags();
        flags.extend([
            format!("--wns-package-sid={}", uwp.client_id),
            format!("--wns-package-secret-file={}", self.secret(&uwp.client_secret)),
            format!("--wns-token-url={}", uwp.token_url),
        ]);
        flags
    }

    /// The flags for mail alone.
    pub(crate) fn mail_flags(&self) -> Vec<String> {
        let smtp = &self.sandbox.credentials.smtp;
        let mut flags = self.shared_flags();
        flags.extend([
            format!("--smtp-url={}", smtp.url),
            format!("--smtp-user={}", smtp.user),
            format!("--smtp-password-file={}", smtp.password_path.display()),
            format!("--mail-from={}", smtp.from),
            "--shop-url=https://shop.example".to_owned(),
            format!("--secret-key={KEY}"),
        ]);
        flags
    }

    /// The flags for every platform and for mail.
    pub(crate) fn all_flags(&self) -> Vec<String> {
        let mut flags = self.flags();
        let more = self.mail_flags().into_iter();
        flags.extend(more.filter(|flag| !flag.starts_with("--push-")));
        flags
    }

    fn shared_flags(&self) -> Vec<String> {
        let credentials = &self.sandbox.credentials;
        vec![
            format!("--push-root-ca={}", credentials.ca_pem_path.display()),
            format!("--push-allow={}", credentials.push_allow),
        ]
    }

    fn secret(&self, secret: &str) -> String {
        let path = self.folder.path().join("wns-secret");
        std::fs::write(&path, format!("{secret}\n")).unwrap();
        path.display().to_string()
    }

    /// The gateways alone.
    pub(crate) async fn gateways(&self, flags: &[String]) -> Platforms {
        Platforms::open(&args("postgres://unused", "nats://unused", flags))
            .await
            .unwrap()
    }
}

pub(crate) fn args(database_url: &str, nats_url: &str, flags: &[String]) -> HubArgs {
    let mut line = vec![
        "notification-hub".to_owned(),
        format!("--database-url={database_url}"),
        format!("--nats-url={nats_url}"),
    ];
    line.extend_from_slice(flags);
    HubArgs::parse_from(line)
}

/// The channel as an app registers it.
pub(crate) fn channel(device: &Device) -> storage::Channel {
    match &device.channel {
        Channel::Apns { token } => storage::Channel::Apns { token: token.clone() },
        Channel::Fcm { kind, value } => storage::Channel::Fcm {
            kind: (*kind).to_owned(),
            value: value.clone(),
        },
        Channel::Wns { uri } => storage::Channel::Wns { uri: uri.clone() },
        Channel::WebPush { endpoint, keys, .. } => storage::Channel::WebPush {
            endpoint: endpoint.clone(),
            p256dh: keys.p256dh.clone(),
            auth: keys.auth.clone(),
        },
    }
}
