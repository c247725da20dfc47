//! The credentials a sender needs: made once, kept in the data folder, handed out at `/credentials`.

mod drawn;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde::Serialize;
use serde_json::json;

use self::drawn::Drawn;
use crate::folder::{kept, write};
use crate::mail::{self, SmtpCredentials};

/// The app that all pretend devices have installed: its bundle id is the APNs topic.
pub const TOPIC: &str = "shop.waybill.demo";
const PROJECT: &str = "waybill-sandbox";

/// What a sender must be given to send through this sandbox.
#[derive(Debug, Clone, Serialize)]
pub struct Credentials {
    /// The CA to trust beside the system's.
    pub ca_pem_path: PathBuf,
    /// Where all services are: `https://localhost:8083`.
    pub push_url: String,
    /// `host:port` to which a sender connects for the hosts of WNS channels and browsers' subscriptions.
    pub push_allow: String,
    /// For APNs.
    pub apns: ApnsCredentials,
    /// For FCM.
    pub fcm: FcmCredentials,
    /// For WNS.
    pub wns: WnsCredentials,
    /// For mail.
    pub smtp: SmtpCredentials,
    /// For Web Push.
    pub webpush: WebPushCredentials,
}

impl Credentials {
    /// The environment by which the notification hub sends here; for WNS with the Windows App SDK's sign-in.
    pub fn environment(&self) -> BTreeMap<&'static str, String> {
        let path = |path: &Path| path.display().to_string();
        let sdk = &self.wns.app_sdk;
        let mut environment = self.smtp.environment();
        environment.extend([
            ("PUSH_ROOT_CA", path(&self.ca_pem_path)),
            ("PUSH_ALLOW", self.push_allow.clone()),
            ("APNS_URL", self.apns.url.clone()),
            ("APNS_DEVELOPMENT_URL", self.apns.url.clone()),
            ("APNS_KEY_FILE", path(&self.apns.key_path)),
            ("APNS_KEY_ID", self.apns.key_id.clone()),
            ("APNS_TEAM_ID", self.apns.team_id.clone()),
            ("APNS_TOPIC", self.apns.topic.clone()),
            ("FCM_URL", self.fcm.url.clone()),
            ("FCM_SERVICE_ACCOUNT_FILE", path(&self.fcm.service_account_path)),
            ("WNS_TOKEN_URL", sdk.token_url.clone()),
            ("WNS_TENANT_ID", sdk.tenant_id.clone()),
            ("WNS_CLIENT_ID", sdk.client_id.clone()),
            ("WNS_CLIENT_SECRET_FILE", path(&sdk.client_secret_path)),
            ("WEBPUSH_VAPID_KEY_FILE", path(&self.webpush.vapid_key_path)),
            ("WEBPUSH_SUBJECT", self.webpush.subject.clone()),
        ]);
        environment
    }
}

/// For APNs.
#[derive(Debug, Clone, Serialize)]
pub struct ApnsCredentials {
    /// The base URL.
    pub url: String,
    /// The `.p8` signing key.
    pub key_path: PathBuf,
    /// The key's id, `kid` of the provider token.
    pub key_id: String,
    /// The team's id, `iss` of the provider token.
    pub team_id: String,
    /// The only topic it may send to.
    pub topic: String,
}

/// For FCM.
#[derive(Debug, Clone, Serialize)]
pub struct FcmCredentials {
    /// The base URL.
    pub url: String,
    /// The service account's key file; its `token_uri` is this sandbox.
    pub service_account_path: PathBuf,
    /// The project that messages are sent for.
    pub project_id: String,
}

/// For WNS: two ways to sign in.
#[derive(Debug, Clone, Serialize)]
pub struct WnsCredentials {
    /// Windows App SDK.
    pub app_sdk: WnsAppSdk,
    /// UWP.
    pub uwp: WnsUwp,
}

/// For the Windows App SDK: an application of Microsoft Entra.
#[derive(Debug, Clone, Serialize)]
pub struct WnsAppSdk {
    /// Where a token is had.
    pub token_url: String,
    /// The tenant, already part of `token_url`.
    pub tenant_id: String,
    /// The application.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The file that holds the secret.
    pub client_secret_path: PathBuf,
    /// The scope to ask for.
    pub scope: String,
}

/// For UWP: the package.
#[derive(Debug, Clone, Serialize)]
pub struct WnsUwp {
    /// Where a token is had.
    pub token_url: String,
    /// The package's security identifier, as client id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The file that holds the secret.
    pub client_secret_path: PathBuf,
    /// The scope to ask for.
    pub scope: String,
}

/// For Web Push.
#[derive(Debug, Clone, Serialize)]
pub struct WebPushCredentials {
    /// The private key that all pretend browsers have subscribed for, in PEM.
    pub vapid_key_path: PathBuf,
    /// Its public half in base64url: `applicationServerKey` of an app, `k` of a sender.
    pub public_key: String,
    /// Whom the push service may turn to: `sub` of what a sender signs. Any `mailto:` or `https:` address will do.
    pub subject: String,
}

/// Why credentials can't be made or read.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// A file of the data folder.
    #[error("cannot keep {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A kept file that isn't what it was.
    #[error("{0} is damaged; remove the sandbox's data folder to start anew")]
    Damaged(PathBuf),
    /// A certificate can't be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// TLS can't be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
    /// A key can't be read.
    #[error("cannot read a key")]
    Key(#[from] jsonwebtoken::errors::Error),
}

/// Credentials, and the public halves that check what is made with them.
pub(crate) struct Opened {
    pub(crate) credentials: Credentials,
    pub(crate) apns_public_pem: String,
    pub(crate) fcm_public_pem: String,
    pub(crate) fcm_email: String,
    pub(crate) fcm_key_id: String,
    pub(crate) fcm_token_uri: String,
}

/// The credentials kept in that folder, made when there are none.
pub(crate) fn open(
    folder: &Path,
    ca: &Path,
    push_url: &str,
    push_allow: &str,
    smtp_url: String,
) -> Result<Opened, CredentialError> {
    let drawn = drawn::open(&folder.join("names.json"))?;
    let apns_key_path = folder.join("apns-key.p8");
    let apns_key = KeyPair::from_pem(&kept(
        &apns_key_path,
        || Ok(KeyPair::generate()?.serialize_pem()),
    )?)?;
    let webpush = web_push(folder)?;
    let fcm_pem = kept(&folder.join("fcm-key.pem"), || {
        Ok(KeyPair::generate_for(&PKCS_RSA_SHA256)?.serialize_pem())
    })?;
    let fcm_key = KeyPair::from_pem(&fcm_pem)?;
    let fcm_email = format!("hub@{PROJECT}.iam.gserviceaccount.com");
    let fcm_token_uri = format!("{push_url}/token");
    let service_account_path = folder.join("fcm-service-account.json");
    // Written at every start: the port may be another one.
    let account = service_account(&drawn.fcm_key_id, &fcm_pem, &fcm_email, &fcm_token_uri);
    write(&service_account_path, &format!("{account:#}\n"))?;
    let credentials = Credentials {
        ca_pem_path: ca.to_owned(),
        push_url: push_url.to_owned(),
        push_allow: push_allow.to_owned(),
        apns: ApnsCredentials {
            url: push_url.to_owned(),
            key_path: apns_key_path,
            key_id: drawn.apns_key_id.clone(),
            team_id: drawn.apns_team_id.clone(),
            topic: TOPIC.to_owned(),
        },
        fcm: FcmCredentials {
            url: push_url.to_owned(),
            service_account_path,
            project_id: PROJECT.to_owned(),
        },
        wns: wns(&drawn, push_url, folder)?,
        smtp: mail::open(folder, smtp_url)?,
        webpush,
    };
    Ok(Opened {
        credentials,
        apns_public_pem: apns_key.public_key_pem(),
        fcm_public_pem: fcm_key.public_key_pem(),
        fcm_email,
        fcm_key_id: drawn.fcm_key_id,
        fcm_token_uri,
    })
}

fn service_account(key_id: &str, key: &str, email: &str, token_uri: &str) -> serde_json::Value {
    json!({
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": key_id,
        "private_key": key,
        "client_email": email,
        "client_id": "000000000000000000000",
        "token_uri": token_uri,
    })
}

fn wns(drawn: &Drawn, push_url: &str, folder: &Path) -> Result<WnsCredentials, CredentialError> {
    let (client, package) = (
        folder.join("wns-client-secret"),
        folder.join("wns-package-secret"),
    );
    write(&client, &drawn.wns_client_secret)?;
    write(&package, &drawn.wns_package_secret)?;
    Ok(WnsCredentials {
        app_sdk: WnsAppSdk {
            token_url: format!("{push_url}/{}/oauth2/v2.0/token", drawn.wns_tenant_id),
            tenant_id: drawn.wns_tenant_id.clone(),
            client_id: drawn.wns_client_id.clone(),
            client_secret: drawn.wns_client_secret.clone(),
            client_secret_path: client,
            scope: "https://wns.windows.com/.default".to_owned(),
        },
        uwp: WnsUwp {
            token_url: format!("{push_url}/accesstoken.srf"),
            client_id: drawn.wns_package_sid.clone(),
            client_secret: drawn.wns_package_secret.clone(),
            client_secret_path: package,
            scope: "notify.windows.com".to_owned(),
        },
    })
}

fn web_push(folder: &Path) -> Result<WebPushCredentials, CredentialError> {
    let vapid_key_path = folder.join("vapid-key.pem");
    let key = kept(&vapid_key_path, || Ok(KeyPair::generate()?.serialize_pem()))?;
    Ok(WebPushCredentials {
        vapid_key_path,
        public_key: URL_SAFE_NO_PAD.encode(KeyPair::from_pem(&key)?.public_key_raw()),
        subject: "mailto:push@waybill.example".to_owned(),
    })
}
