//! The pretend mail server: SMTP submission (RFC 6409) with STARTTLS and AUTH, and the inbox of what it took.

mod commands;
mod content;
mod credentials;
mod fault;
mod inbox;
mod path;
mod server;
mod session;
mod talk;

pub use credentials::SmtpCredentials;
pub use fault::{MailFault, MailFaultKind};
pub use inbox::{Mail, MailFilter, MailRefusal};

pub(crate) use credentials::open;
pub(crate) use inbox::Inbox;
pub(crate) use server::{MailServer, serve};
