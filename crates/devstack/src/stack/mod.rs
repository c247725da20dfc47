//! The whole of Waybill, private: servers, push sandbox and services, each the real program.

mod addresses;
mod binaries;
mod control;
mod options;
mod part;
mod program;
mod secrets;
mod settings;

use std::collections::BTreeMap;
use std::ffi::OsStr;

use anyhow::{Context, Result};
use tokio::sync::Mutex;

pub use addresses::{Addresses, Use};
pub use binaries::Binaries;
pub use control::Replica;
pub use options::{Extra, StackOptions};
pub use part::Part;
use program::{Health, Service};
use secrets::Secrets;
pub(crate) use secrets::token_key;
use settings::Settings;
pub(crate) use settings::write_private;

use crate::ports::Port;
use crate::proxy::Proxy;
use crate::servers::{Nats, Postgres, Redis, Server, postgres};

const DATABASE: &str = "waybill";

/// A running stack. Every part can be killed, stopped and started again, from several tasks at once; all end when it is dropped.
#[derive(Debug)]
pub struct Stack {
    parts: BTreeMap<Part, Mutex<Server>>,
    shared: Settings,
    proxies: BTreeMap<(Part, Part), Proxy>,
    secrets: Secrets,
    // Last: the folder goes when the processes are gone.
    options: StackOptions,
}

impl Stack {
    /// Starts everything and waits until it is ready. On failure what was started is ended.
    pub async fn start(options: StackOptions) -> Result<Self> {
        options.addresses.check()?;
        let mut stack = Self::prepare(options)?;
        stack.start_proxies().await?;
        stack.start_servers().await?;
        stack.start_services().await?;
        Ok(stack)
    }

    fn prepare(options: StackOptions) -> Result<Self> {
        let (folder, at) = (&options.folder, |part| {
            Port::fixed(options.addresses.port(Use::Public(part)))
        });
        std::fs::create_dir_all(folder.join("logs"))
            .with_context(|| format!("cannot make {}", folder.display()))?;
        (options.progress)("preparing the database's files");
        let postgres = Postgres::new(at(Part::Postgres), &folder.join("postgres"), options.durability)?;
        let secrets = Secrets::open(folder.join("secrets"))?;
        let redis = secrets.redis_url("operator", &options.addresses.listen(Use::Public(Part::Redis)))?;
        let mut shared = settings::shared(&options.addresses, &postgres.url(DATABASE), &redis);
        shared.push(("WAYBILL_SECRET_KEY".to_owned(), secrets::secret_key(folder)?));
        shared.push(("NATS_SEED_FILE".to_owned(), secrets.nats_seed("operator")));
        let parts = [
            (Part::Postgres, Server::new(postgres).any()),
            (
                Part::Redis,
                Server::new(Redis::new(at(Part::Redis), &folder.join("redis"))?).any(),
            ),
            (
                Part::Nats,
                Server::new(Nats::new(at(Part::Nats), &folder.join("nats"), options.flush)?).any(),
            ),
        ];
        let parts = parts.map(|(part, server)| (part, Mutex::new(server))).into();
        let mut stack = Self {
            parts,
            shared,
            proxies: BTreeMap::new(),
            secrets,
            options,
        };
        let health = Health {
            port: stack.options.addresses.port(Use::Public(Part::PushSandbox)),
            path: "/healthz",
        };
        let sandbox = stack.service(Part::PushSandbox, Part::PushSandbox.name(), health)?;
        stack
            .parts
            .insert(Part::PushSandbox, Mutex::new(Server::new(sandbox).any()));
        Ok(stack)
    }

    async fn start_proxies(&mut self) -> Result<()> {
        for (service, server) in &self.options.proxied {
            let proxy = Proxy::start(self.options.addresses.port(Use::Public(*server))).await?;
            self.proxies.insert((*service, *server), proxy);
        }
        Ok(())
    }

    async fn start_servers(&self) -> Result<()> {
        self.authorize_nats().await?;
        self.authorize_redis().await?;
        let first = [Part::Postgres, Part::Redis, Part::Nats, Part::PushSandbox];
        for part in first.into_iter().filter(|part| self.wanted(*part)) {
            self.part(part)?.lock().await.launch()?;
        }
        for part in first.into_iter().filter(|part| self.wanted(*part)) {
            self.say(&format!("waiting for {part}"));
            self.wait_ready(part).await?;
        }
        self.make_database().await?;
        self.say("migrating the database");
        self.waybillctl(["migrate"]).await?;
        self.secrets.set_passwords(self.database_url())?;
        self.say("applying the topology of streams");
        self.waybillctl(["topology", "apply"]).await?;
        Ok(())
    }

    /// Whom NATS lets in, from what the services' topology says.
    async fn authorize_nats(&self) -> Result<()> {
        let keys = self.secrets.nats();
        let words = |more: [&'static str; 3]| more.map(OsStr::new).into_iter().chain([keys.as_os_str()]);
        self.waybillctl(words(["topology", "keys", "--out"])).await?;
        let users = self
            .waybillctl(words(["topology", "permissions", "--keys"]))
            .await?;
        Nats::authorize(&self.options.folder.join("nats"), &users)
    }

    async fn authorize_redis(&self) -> Result<()> {
        let passwords = self.secrets.redis();
        let words = ["cache", "permissions", "--passwords"].map(OsStr::new);
        let users = self
            .waybillctl(words.into_iter().chain([passwords.as_os_str()]))
            .await?;
        Redis::authorize(&self.options.folder.join("redis"), &users)
    }

    async fn make_database(&self) -> Result<()> {
        let admin = self
            .setting("DATABASE_URL")
            .rsplit_once('/')
            .map(|(server, _)| format!("{server}/postgres"));
        let admin = admin.context("the database's address names no database")?;
        if postgres::psql(
            &admin,
            &format!("SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"),
        )?
        .is_empty()
        {
            postgres::psql(&admin, &format!("CREATE DATABASE {DATABASE}"))?;
        }
        Ok(())
    }

    async fn start_services(&mut self) -> Result<()> {
        if self.wanted(Part::PushSandbox) {
            self.shared
                .extend(settings::push(&self.options.addresses, &self.options.folder).await?);
        }
        for part in Part::SERVICES {
            let health = Health {
                port: self.options.addresses.port(Use::Admin(part)),
                path: "/readyz",
            };
            let server = Server::new(self.service(part, part.name(), health)?).any();
            self.parts.insert(part, Mutex::new(server));
            if self.wanted(part) {
                self.launch(part).await?;
            }
        }
        for part in Part::SERVICES.into_iter().filter(|part| self.wanted(*part)) {
            self.say(&format!("waiting for {part}"));
            self.wait_ready(part).await?;
        }
        self.seed().await
    }

    /// Once for a folder that is kept.
    async fn seed(&self) -> Result<()> {
        let done = self.options.folder.join("seeded");
        if self.options.seed && !done.exists() {
            self.say("filling the catalog");
            self.waybillctl(["seed"]).await?;
            std::fs::write(&done, "").context("cannot remember that the catalog is filled")?;
        }
        Ok(())
    }

    fn service(&self, part: Part, name: &str, health: Health) -> Result<Service> {
        let StackOptions {
            folder,
            addresses,
            binaries,
            extra,
            ..
        } = &self.options;
        let extra = extra.get(&part).cloned().unwrap_or_default();
        let own = settings::of(part, addresses, folder);
        let mut env: Settings = self
            .env_of(part)?
            .into_iter()
            .chain(own)
            .chain(extra.env)
            .collect();
        for ((_, server), proxy) in self.proxies.iter().filter(|((service, _), _)| *service == part) {
            settings::lead_through(&mut env, &addresses.listen(Use::Public(*server)), proxy.port());
        }
        Ok(Service {
            name: name.to_owned(),
            path: binaries.path(part.name()),
            folder: folder.clone(),
            log: folder.join("logs").join(format!("{name}.log")),
            env,
            args: extra.args,
            health,
        })
    }

    fn wanted(&self, part: Part) -> bool {
        !self.options.without.contains(&part)
    }

    fn say(&self, step: &str) {
        (self.options.progress)(step);
    }

    fn part(&self, part: Part) -> Result<&Mutex<Server>> {
        self.parts
            .get(&part)
            .with_context(|| format!("{part} is not part of this stack"))
    }
}
