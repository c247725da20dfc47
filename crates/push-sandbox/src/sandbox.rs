//! The running sandbox, for the binary and for tests.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::authority::Authority;
use crate::clock::Clock;
use crate::credentials::{self, CredentialError, Credentials};
use crate::delivery::{Delivery, Filter, Refusal};
use crate::device::{Device, NewDevice, NewDevices, WEB_PUSH_HOST};
use crate::fault::Fault;
use crate::mail::{Mail, MailFault, MailFilter, MailRefusal, MailServer};
use crate::register::Register;
use crate::state::{DeviceError, State};
use crate::storm::Storm;
use crate::tally::{Summary, Taken};
use crate::{folder, mail, providers, site, tls};

/// How a sandbox is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the CA and the credentials are kept.
    pub data_dir: PathBuf,
    /// The port for people and tools, plain HTTP.
    pub listen: SocketAddr,
    /// The port for senders, TLS.
    pub push_listen: SocketAddr,
    /// The port for senders of mail, SMTP.
    pub smtp_listen: SocketAddr,
    /// How senders reach the push port; `https://localhost:<port>` when left out.
    pub push_url: Option<String>,
    /// Further names for the push port's certificate.
    pub host_names: Vec<String>,
    /// Where the REST API is, for the request the page shows.
    pub api_url: String,
    /// The clock.
    pub clock: Clock,
}

impl Options {
    /// Free ports on loopback, everything else as usual: what a test wants.
    pub fn on_free_ports(data_dir: impl Into<PathBuf>) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            data_dir: data_dir.into(),
            listen: free,
            push_listen: free,
            smtp_listen: free,
            push_url: None,
            host_names: Vec::new(),
            api_url: "http://localhost:8081".to_owned(),
            clock: Clock::system(),
        }
    }
}

/// Why a sandbox can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The credentials.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    /// A port is taken, or may not be had.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A running sandbox. Dropping it stops it at once, [`Sandbox::stop`] lets open requests end.
pub struct Sandbox {
    /// For people and tools: `http://127.0.0.1:8082`.
    pub http_url: String,
    /// For senders: `https://localhost:8083`.
    pub push_url: String,
    /// Where the push port listens.
    pub push_addr: SocketAddr,
    /// Where the mail port listens.
    pub smtp_addr: SocketAddr,
    /// What a sender must be given.
    pub credentials: Credentials,
    state: Arc<State>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Sandbox {
    /// Makes or reads the credentials, opens the ports and serves.
    ///
    /// # Errors
    /// When the data folder or a port can't be used.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        // The paths are handed to programs that run in other folders.
        let data_dir = std::path::absolute(&options.data_dir).map_err(|source| CredentialError::File {
            path: options.data_dir.clone(),
            source,
        })?;
        folder::make_folder(&data_dir)?;
        let authority = Authority::open(&data_dir)?;
        let (http, http_addr) = listen(options.listen).await?;
        let (push, push_addr) = listen(options.push_listen).await?;
        let (smtp, smtp_addr) = listen(options.smtp_listen).await?;
        let push_url = options
            .push_url
            .clone()
            .unwrap_or_else(|| format!("https://localhost:{}", push_addr.port()));
        let push_url = push_url.trim_end_matches('/').to_owned();
        let push_allow = match options.push_url {
            Some(_) => push_url.trim_start_matches("https://").to_owned(),
            None => format!("127.0.0.1:{}", push_addr.port()),
        };
        let smtp_url = format!("smtp://{}:{}", host(&push_url), smtp_addr.port());
        let opened = credentials::open(&data_dir, &authority.pem_path, &push_url, &push_allow, smtp_url)?;
        let settings = authority.server(names(&options, &push_url))?;

        let devices = data_dir.join("devices.ndjson");
        let (register, known) = Register::open(&devices).map_err(|source| CredentialError::File {
            path: devices,
            source,
        })?;
        let state = Arc::new(State::new(options.clock.clone(), Some(register), known));
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let credentials = opened.credentials.clone();
        let senders = providers::router(state.clone(), &opened)?;
        let people = site::router(state.clone(), credentials.clone(), options.api_url, stop.clone());
        let mail_server = MailServer {
            state: state.clone(),
            credentials: credentials.smtp.clone(),
            tls: settings.without_protocols(),
        };
        tasks.spawn(tls::serve(push, settings, senders, state.clone(), stop.clone()));
        tasks.spawn(mail::serve(smtp, Arc::new(mail_server), stop.clone()));
        tasks.spawn(site::serve(http, people, stop.clone()));
        tasks.close();
        Ok(Self {
            http_url: format!("http://{http_addr}"),
            push_url,
            push_addr,
            smtp_addr,
            credentials,
            state,
            tasks,
            stop,
        })
    }

    /// Makes a pretend device.
    ///
    /// # Errors
    /// When there are too many, or their file can't be written.
    pub fn add_device(&self, wanted: &NewDevice) -> Result<Device, DeviceError> {
        self.state.add_device(wanted)
    }

    /// Makes many pretend devices at once.
    ///
    /// # Errors
    /// As [`Self::add_device`].
    pub fn add_devices(&self, wanted: &NewDevices) -> Result<Vec<Device>, DeviceError> {
        self.state.add_devices(wanted)
    }

    /// Lets faults come by share; false where a share is none.
    pub fn rage(&self, storm: &Storm) -> bool {
        self.state.storms.rage(storm)
    }

    /// How often everything was taken, in short.
    pub fn tally(&self) -> Summary {
        self.state.summary()
    }

    /// What every device took.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.taken()
    }

    /// Sets the fault a device shows next, or takes it back; false when there is no such device.
    pub fn set_fault(&self, device: &str, fault: Option<Fault>) -> bool {
        self.state.set_fault(device, fault).is_some()
    }

    /// The deliveries a filter wants, oldest first.
    pub fn deliveries(&self, filter: &Filter) -> Vec<Delivery> {
        self.state.deliveries(filter)
    }

    /// What was turned away, oldest first.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.state.refusals()
    }

    /// The mails a filter wants, oldest first.
    pub fn mails(&self, filter: &MailFilter) -> Vec<Mail> {
        self.state.inbox.mails(filter)
    }

    /// What the mail server turned away, oldest first.
    pub fn mail_refusals(&self) -> Vec<MailRefusal> {
        self.state.inbox.refusals()
    }

    /// Sets the fault that the mail server shows next, or takes it back.
    pub fn set_mail_fault(&self, fault: Option<MailFault>) {
        self.state.inbox.set_fault(fault);
    }

    /// How many access tokens senders have got, of FCM and WNS together.
    pub fn sign_ins(&self) -> u64 {
        self.state.sign_ins()
    }

    /// Takes nothing new, lets open requests end, and returns.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// The host of an address that begins with `https://`.
fn host(url: &str) -> &str {
    url.trim_start_matches("https://")
        .split(['/', ':'])
        .next()
        .unwrap_or_default()
}

fn names(options: &Options, push_url: &str) -> Vec<String> {
    let host = host(push_url);
    let own = [
        "localhost",
        "127.0.0.1",
        "::1",
        "*.notify.windows.com",
        WEB_PUSH_HOST,
    ];
    let mut names: Vec<String> = own.map(str::to_owned).to_vec();
    names.extend(options.host_names.iter().cloned());
    if !host.is_empty() && !names.iter().any(|name| name == host) {
        names.push(host.to_owned());
    }
    names
}
