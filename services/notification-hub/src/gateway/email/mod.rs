//! E-mail over SMTP submission (RFC 6409): lettre writes the mail and speaks the protocol.

mod answer;
mod connections;
mod content;
mod letters;
mod words;

use jiff::Timestamp;
use lettre::address::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use push_texts::Language;
use secrecy::{ExposeSecret, SecretString};
use storage::Channel;

pub use letters::{Links, Subject};

use self::connections::{Connections, Settings};
use self::letters::Letters;
use super::{Answer, Gateway, Push};
use crate::args::SmtpServer;

/// What mails are sent with.
#[derive(Debug)]
pub struct Config {
    /// The mail server.
    pub server: SmtpServer,
    /// The name and password to sign in with.
    pub credentials: Option<(String, SecretString)>,
    /// PEM of certificates that are trusted beside the system's.
    pub root_ca: Option<Vec<u8>>,
    /// How many connections there are at most.
    pub connections: usize,
    /// Who sends.
    pub from: Mailbox,
    /// Where links lead.
    pub links: Links,
}

/// The gateway to the mail server.
pub struct Email {
    letters: Letters,
    connections: Connections,
}

impl Email {
    /// A gateway that connects to nothing yet.
    ///
    /// # Errors
    /// Where the certificates can't be read.
    pub fn new(config: Config) -> anyhow::Result<Self> {
        let mut tls = TlsParameters::builder(config.server.host.clone());
        if let Some(pem) = &config.root_ca {
            tls = tls.add_root_certificate(Certificate::from_pem(pem)?);
        }
        let letters = Letters {
            from: config.from,
            links: config.links,
        };
        let credentials = config
            .credentials
            .map(|(user, password)| Credentials::new(user, password.expose_secret().to_owned()));
        let settings = Settings {
            hello: letters.hello(),
            server: config.server,
            tls: tls.build()?,
            credentials,
            connections: config.connections,
        };
        Ok(Self {
            letters,
            connections: Connections::new(settings),
        })
    }
}

impl Gateway for Email {
    async fn send(&self, push: &Push, now: Timestamp) -> Answer {
        let refused = |why: String| Answer::Refused { why };
        let (Channel::Email { address }, Some(subject)) = (&push.channel, push.subject) else {
            return refused("the channel is no e-mail address".into());
        };
        // What is wrong with it is not told: it would be the address.
        let Ok(to) = address.parse::<Address>() else {
            return refused("the address is none that mail can be sent to".into());
        };
        let letter = self
            .letters
            .write(push.id, subject, &push.text, Language::of(&push.locale), to, now);
        match letter {
            Ok(letter) => self.connections.send(&letter).await,
            Err(why) => refused(why),
        }
    }
}
