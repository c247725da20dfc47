//! What a stack is to be.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use tempfile::TempDir;

use super::Part;
use super::addresses::Addresses;
use super::binaries::Binaries;
use crate::servers::nats::Flush;
use crate::servers::postgres::Durability;
use crate::testing;

/// What to tell one program beyond what every stack tells it.
#[derive(Debug, Clone, Default)]
pub struct Extra {
    /// Variables of the environment; they win over the stack's own.
    pub env: Vec<(String, String)>,
    /// Arguments.
    pub args: Vec<String>,
}

/// What a stack is to be.
pub struct StackOptions {
    /// Where its files are.
    pub folder: PathBuf,
    /// Where its parts listen.
    pub addresses: Addresses,
    /// Waybill's own programs.
    pub binaries: Binaries,
    /// How careful the database is with its disk.
    pub durability: Durability,
    /// How careful the broker is with its disk.
    pub flush: Flush,
    /// Parts that are not started with the stack; [`super::Stack::start_part`] starts them later.
    pub without: Vec<Part>,
    /// More to tell some of the programs.
    pub extra: BTreeMap<Part, Extra>,
    /// Services and the servers that they reach through a proxy of their own: [`super::Stack::proxy`].
    pub proxied: Vec<(Part, Part)>,
    /// Whether the demo catalog is put in.
    pub seed: bool,
    /// Told each step before it begins.
    pub progress: Arc<dyn Fn(&str) + Send + Sync>,
    /// Removed when the stack is gone.
    pub(super) _temporary: Option<TempDir>,
}

impl std::fmt::Debug for StackOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StackOptions")
            .field("folder", &self.folder)
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

impl StackOptions {
    /// A stack whose files are kept in `folder`.
    #[must_use]
    pub fn kept(folder: PathBuf, addresses: Addresses, binaries: Binaries) -> Self {
        Self {
            folder,
            addresses,
            binaries,
            durability: Durability::Flush,
            flush: Flush::Always,
            without: Vec::new(),
            extra: BTreeMap::new(),
            proxied: Vec::new(),
            seed: true,
            progress: Arc::new(|_| {}),
            _temporary: None,
        }
    }

    /// A stack of a test's own: free ports, a folder that goes with it, an empty catalog, the services built from what is in the tree.
    pub fn for_test() -> Result<Self> {
        let temporary = testing::folder()?;
        // The database's user must pass through it.
        std::fs::set_permissions(temporary.path(), PermissionsExt::from_mode(0o755))?;
        let options = Self::kept(
            temporary.path().to_owned(),
            Addresses::free()?,
            Binaries::fresh()?,
        );
        Ok(Self {
            _temporary: Some(temporary),
            seed: false,
            ..options
        })
    }

    /// With the demo catalog.
    #[must_use]
    pub fn seeded(mut self) -> Self {
        self.seed = true;
        self
    }

    /// With a broker that flushes so.
    #[must_use]
    pub fn flushing(mut self, flush: Flush) -> Self {
        self.flush = flush;
        self
    }

    /// Leaves a part out at first.
    #[must_use]
    pub fn without(mut self, part: Part) -> Self {
        self.without.push(part);
        self
    }

    /// Sets a variable for one program.
    #[must_use]
    pub fn env(mut self, part: Part, name: &str, value: &str) -> Self {
        self.extra
            .entry(part)
            .or_default()
            .env
            .push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gives one program an argument.
    #[must_use]
    pub fn arg(mut self, part: Part, argument: &str) -> Self {
        self.extra.entry(part).or_default().args.push(argument.to_owned());
        self
    }

    /// Puts a proxy between a service and one of the servers that it uses.
    #[must_use]
    pub fn through_proxy(mut self, service: Part, server: Part) -> Self {
        self.proxied.push((service, server));
        self
    }
}
