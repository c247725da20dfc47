//! Connections to the mail server, kept between mails.
//!
//! lettre has a pool of its own, but one that takes back a connection whose sending was given up in the middle, so that the next mail would
//! read the answers to the last; and it does not say how far a mail had come. So its connections are kept here.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::{Error, response::Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::answer::{self, Stage};
use super::content::Content;
use crate::args::{Secured, SmtpServer};
use crate::gateway::Answer;

/// How long connecting may take, with TLS and sign-in.
const CONNECT: Duration = Duration::from_secs(15);
/// How long the server may take for a mail's envelope.
const ENVELOPE: Duration = Duration::from_secs(20);
/// How long it may take for the content: it may look into it, and is asked to answer only when it has it for good.
const CONTENT: Duration = Duration::from_secs(30);
/// Servers hang up on those who say nothing, after a minute or later.
const IDLE: Duration = Duration::from_secs(30);

/// What a connection is made with.
pub(super) struct Settings {
    pub(super) server: SmtpServer,
    pub(super) tls: TlsParameters,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello: ClientId,
    pub(super) connections: usize,
}

/// A mail as it goes out.
pub(super) struct Letter {
    pub(super) envelope: Envelope,
    pub(super) content: Content,
}

/// A few connections, each for one mail at a time.
pub(super) struct Connections {
    settings: Settings,
    turns: Semaphore,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

/// A mail that did not get through, and how far it came.
struct Stopped {
    stage: Stage,
    error: Error,
}

impl Connections {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            turns: Semaphore::new(settings.connections),
            settings,
            idle: Mutex::default(),
        }
    }

    /// Hands one mail to the server, once.
    pub(super) async fn send(&self, letter: &Letter) -> Answer {
        let Ok(_turn) = self.turns.acquire().await else {
            return late("the connections are closed");
        };
        if let Some(mut connection) = self.take_idle() {
            match timeout(ENVELOPE, announce(&mut connection, &letter.envelope)).await {
                // It was shut meanwhile: nothing was sent on it.
                Ok(Err(stopped)) if answer::is_stale(&stopped.error) => {}
                Ok(announced) => return self.go_on(connection, announced, letter).await,
                Err(_) => return late("the mail server does not answer"),
            }
        }
        let connected = match timeout(CONNECT, self.connect()).await {
            Ok(connected) => connected,
            Err(_) => return late("the mail server can't be reached in time"),
        };
        let mut connection = match connected {
            Ok(connection) => connection,
            Err(error) => return answer::of(Stage::Connecting, &error),
        };
        match timeout(ENVELOPE, announce(&mut connection, &letter.envelope)).await {
            Ok(announced) => self.go_on(connection, announced, letter).await,
            Err(_) => late("the mail server does not answer"),
        }
    }

    /// The content, where the envelope was taken. From here on silence means that the mail may have been taken.
    async fn go_on(
        &self,
        mut connection: AsyncSmtpConnection,
        announced: Result<(), Stopped>,
        letter: &Letter,
    ) -> Answer {
        if let Err(Stopped { stage, error }) = announced {
            self.keep_after(connection, &error).await;
            return answer::of(stage, &error);
        }
        match timeout(CONTENT, connection.command(&letter.content)).await {
            Err(_) => Answer::Unknown {
                why: "the mail server gave no answer to the mail".into(),
            },
            Ok(Err(error)) => {
                self.keep_after(connection, &error).await;
                answer::of(Stage::Content, &error)
            }
            Ok(Ok(response)) => {
                self.keep(connection);
                Answer::Sent { id: said(&response) }
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let Settings {
            server, tls, hello, ..
        } = &self.settings;
        let at_once = (server.secured == Secured::AtOnce).then(|| tls.clone());
        let address = (server.host.as_str(), server.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT), hello, at_once, None).await?;
        let wants = match server.secured {
            Secured::AtOnce => false,
            Secured::ByStartTls => true,
            Secured::IfOffered => connection.can_starttls(),
        };
        if wants {
            connection.starttls(tls.clone(), hello).await?;
        }
        if let Some(credentials) = &self.settings.credentials {
            let known = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&known, credentials).await?;
        }
        Ok(connection)
    }

    fn take_idle(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < IDLE);
        idle.pop().map(|(connection, _)| connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((connection, Instant::now()));
    }

    /// Keeps a connection on which a mail was refused, if the server goes on with it.
    async fn keep_after(&self, mut connection: AsyncSmtpConnection, error: &Error) {
        let is_alive = error.status().is_some() && !answer::is_stale(error);
        if is_alive && matches!(timeout(ENVELOPE, connection.command("RSET\r\n")).await, Ok(Ok(_))) {
            self.keep(connection);
        }
    }
}

/// Nothing was sent yet.
fn late(why: &str) -> Answer {
    Answer::Retry {
        after: None,
        why: why.to_owned(),
    }
}

async fn announce(connection: &mut AsyncSmtpConnection, envelope: &Envelope) -> Result<(), Stopped> {
    let stopped = |stage| move |error| Stopped { stage, error };
    let mut parameters = Vec::new();
    // A server that does not know it refuses the address, and says so.
    if envelope
        .to()
        .iter()
        .any(|to| !AsRef::<str>::as_ref(to).is_ascii())
    {
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if connection.server_info().supports_feature(Extension::EightBitMime) {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let sender = Mail::new(envelope.from().cloned(), parameters);
    connection.command(sender).await.map_err(stopped(Stage::Sender))?;
    for to in envelope.to() {
        let recipient = Rcpt::new(to.clone(), Vec::new());
        connection
            .command(recipient)
            .await
            .map_err(stopped(Stage::Recipient))?;
    }
    connection
        .command(Data)
        .await
        .map_err(stopped(Stage::Announcing))?;
    Ok(())
}

/// What the server calls it, as far as it says.
fn said(response: &Response) -> Option<String> {
    response.message().next().map(answer::without_addresses)
}
