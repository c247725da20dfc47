//! What the parts prove themselves with: drawn once for a data folder, then kept, each in a file for its owner only.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Part;
use super::settings::{Settings, write_private};
use crate::servers::postgres;

/// The settings that let their owner in somewhere. Each part is given its own only.
pub(super) const PROOFS: [&str; 5] = [
    "DATABASE_URL",
    "NATS_SEED_FILE",
    "REDIS_URL",
    "TOKEN_KEYS_FILE",
    "WAYBILL_SECRET_KEY",
];
/// Who uses Redis: the services, and who looks after it.
const REDIS_USERS: [&str; 5] = [
    "web-frontend",
    "rest-api",
    "order-processor",
    "notification-hub",
    "operator",
];

/// The key that guests' tokens are made with, 64 hexadecimal digits.
pub(super) fn secret_key(folder: &Path) -> Result<String> {
    kept(&folder.join("secret-key"))
}

/// The secrets of a data folder.
#[derive(Debug)]
pub(super) struct Secrets {
    folder: PathBuf,
}

impl Secrets {
    /// Those in `folder`, which is made when it is not there.
    pub(super) fn open(folder: PathBuf) -> Result<Self> {
        let redis = folder.join("redis");
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&redis)
            .with_context(|| format!("cannot make {}", redis.display()))?;
        for user in REDIS_USERS {
            kept(&redis.join(user))?;
        }
        let secrets = Self { folder };
        let keys = secrets.token_keys();
        if !keys.exists() {
            write_private(&keys, &token_key()?)?;
        }
        Ok(secrets)
    }

    /// The folder of the seeds of NATS's users, which `waybillctl topology keys` makes.
    pub(super) fn nats(&self) -> PathBuf {
        self.folder.join("nats")
    }

    /// The file with a user's seed: a service's name, or `operator`.
    pub(super) fn nats_seed(&self, user: &str) -> String {
        self.nats().join(format!("{user}.nk")).display().to_string()
    }

    /// The file of the keys that access tokens are signed with.
    pub(super) fn token_keys(&self) -> PathBuf {
        self.folder.join("token-keys.pem")
    }

    /// The folder with the passwords of Redis's users.
    pub(super) fn redis(&self) -> PathBuf {
        self.folder.join("redis")
    }

    /// The address of Redis for a user: a service's name, or `operator`.
    pub(super) fn redis_url(&self, user: &str, listen: &str) -> Result<String> {
        let password = kept(&self.redis().join(user))?;
        Ok(format!("redis://{user}:{password}@{listen}"))
    }

    /// Gives every service's role its password. The migrations made the roles.
    pub(super) fn set_passwords(&self, admin_url: &str) -> Result<()> {
        for service in Part::SERVICES {
            let (role, password) = (postgres::role(service.name()), self.postgres(service)?);
            postgres::psql(
                admin_url,
                &format!("ALTER ROLE {role} LOGIN PASSWORD '{password}'"),
            )?;
        }
        Ok(())
    }

    /// What `service` proves itself with; nothing for other parts.
    pub(super) fn of(&self, service: Part, shared: &Settings) -> Result<Settings> {
        if !Part::SERVICES.contains(&service) {
            return Ok(Vec::new());
        }
        let value = |name: &str| {
            let known = shared.iter().find(|(known, _)| known == name);
            known.map_or("", |(_, value)| value)
        };
        let role = postgres::role(service.name());
        let database = postgres::as_user(value("DATABASE_URL"), &role, &self.postgres(service)?)?;
        let mut own = vec![
            ("DATABASE_URL".to_owned(), database),
            ("NATS_SEED_FILE".to_owned(), self.nats_seed(service.name())),
        ];
        if REDIS_USERS.contains(&service.name()) {
            let (_, listen) = value("REDIS_URL").split_once('@').unwrap_or_default();
            own.push(("REDIS_URL".to_owned(), self.redis_url(service.name(), listen)?));
        }
        // The hub puts orders' links into its mails.
        if matches!(service, Part::WebFrontend | Part::RestApi | Part::NotificationHub) {
            let name = "WAYBILL_SECRET_KEY";
            own.push((name.to_owned(), value(name).to_owned()));
        }
        if service == Part::RestApi {
            let keys = self.token_keys().display().to_string();
            own.push(("TOKEN_KEYS_FILE".to_owned(), keys));
        }
        Ok(own)
    }

    fn postgres(&self, service: Part) -> Result<String> {
        kept(&self.folder.join(format!("postgres-{service}")))
    }
}

/// A new key to sign access tokens with: private, of the curve P-256, in PEM.
pub(crate) fn token_key() -> Result<String> {
    let key = rcgen::KeyPair::generate().context("cannot make a key for access tokens")?;
    Ok(key.serialize_pem())
}

/// 64 hexadecimal digits.
fn kept(path: &Path) -> Result<String> {
    if let Ok(secret) = std::fs::read_to_string(path)
        && secret.len() == 64
    {
        return Ok(secret);
    }
    let secret = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
    write_private(path, &secret)?;
    Ok(secret)
}
