//! Flags of e-mail.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use lettre::message::Mailbox;
use secrecy::SecretString;
use url::{Host, Url};

/// E-mail over SMTP. Without a server no mails are sent.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "E-mail (SMTP): server, sender, the shop's address and its key, or none")]
pub struct EmailArgs {
    /// smtp://HOST:587 with STARTTLS, or smtps://HOST:465 with TLS from the start. Only a server on this machine is spoken to without TLS,
    /// where it offers none.
    #[arg(long, env = "SMTP_URL", value_name = "URL", requires_all = ["mail_from", "shop_url"])]
    pub smtp_url: Option<SmtpServer>,

    /// The name to sign in with. Nobody signs in when not given.
    #[arg(long, env = "SMTP_USER", value_name = "NAME", requires = "smtp_password_file")]
    pub smtp_user: Option<String>,

    /// File with the password to sign in with.
    #[arg(long, env = "SMTP_PASSWORD_FILE", value_name = "FILE", requires = "smtp_user")]
    pub smtp_password_file: Option<PathBuf>,

    /// Connections to the mail server, and mails on their way to it, at once.
    #[arg(long, env = "SMTP_CONNECTIONS", value_name = "N", default_value_t = 4, value_parser = super::connections)]
    pub smtp_connections: usize,

    /// The sender, e.g. "Tea Shop <orders@shop.example.org>".
    #[arg(long, env = "MAIL_FROM", value_name = "SENDER")]
    pub mail_from: Option<Mailbox>,

    /// The shop's address, which the links in mails lead to, e.g. https://shop.example.org.
    #[arg(long, env = "SHOP_URL", value_name = "URL", value_parser = shop_url)]
    pub shop_url: Option<Url>,

    /// The key that orders' links are made with: 64 hexadecimal digits, those of web-frontend and rest-api.
    #[arg(
        long,
        env = "WAYBILL_SECRET_KEY",
        value_name = "HEX",
        hide_env_values = true,
        conflicts_with = "secret_key_file"
    )]
    pub secret_key: Option<SecretString>,

    /// A file that holds the key instead.
    #[arg(long, env = "WAYBILL_SECRET_KEY_FILE", value_name = "PATH")]
    pub secret_key_file: Option<PathBuf>,
}

/// When a connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secured {
    /// Before the first word.
    AtOnce,
    /// By STARTTLS; without it nothing is sent.
    ByStartTls,
    /// By STARTTLS where the server, on this machine, offers it.
    IfOffered,
}

/// A mail server, as SMTP_URL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpServer {
    /// Its name, which its certificate is for.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is spoken to.
    pub secured: Secured,
}

impl FromStr for SmtpServer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url: Url = text.parse().map_err(|error| format!("is no address: {error}"))?;
        let (secured, usual_port) = match url.scheme() {
            "smtps" => (Secured::AtOnce, 465),
            "smtp" => (Secured::ByStartTls, 587),
            _ => return Err("must begin with smtp:// or smtps://".into()),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("holds no name or password: they are SMTP_USER and SMTP_PASSWORD_FILE".into());
        }
        if !["", "/"].contains(&url.path()) || url.query().is_some() || url.fragment().is_some() {
            return Err("ends with the host or its port".into());
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or("names no host")?.trim_matches(['[', ']']).to_owned();
        let is_here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        Ok(Self {
            secured: if is_here && secured == Secured::ByStartTls {
                Secured::IfOffered
            } else {
                secured
            },
            port: url.port().unwrap_or(usual_port),
            host,
        })
    }
}

/// An origin: https, or http on this machine.
fn shop_url(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("is no address: {error}"))?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    if !is_safe || url.path() != "/" || url.query().is_some() || !url.username().is_empty() {
        return Err("must be like https://shop.example.org (http only on this machine)".into());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_with_its_way_to_be_secured() {
        let read = |text: &str| text.parse::<SmtpServer>();
        let server = |host: &str, port, secured| SmtpServer {
            host: host.into(),
            port,
            secured,
        };
        for (text, expected) in [
            (
                "smtp://mail.example.org",
                server("mail.example.org", 587, Secured::ByStartTls),
            ),
            (
                "smtp://mail.example.org:25/",
                server("mail.example.org", 25, Secured::ByStartTls),
            ),
            (
                "smtps://mail.example.org",
                server("mail.example.org", 465, Secured::AtOnce),
            ),
            (
                "smtp://localhost:8084",
                server("localhost", 8084, Secured::IfOffered),
            ),
            ("smtp://127.0.0.1:25", server("127.0.0.1", 25, Secured::IfOffered)),
            ("smtp://[::1]:25", server("::1", 25, Secured::IfOffered)),
            ("smtps://localhost:465", server("localhost", 465, Secured::AtOnce)),
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        for wrong in [
            "",
            "mail.example.org",
            "https://mail.example.org",
            "smtp://",
            "smtp://user:pass@mail.example.org",
            "smtp://mail.example.org/x",
            "smtp://mail.example.org?tls=none",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn links_lead_to_an_origin() {
        for good in [
            "https://shop.example.org",
            "https://shop.example.org:8443/",
            "http://localhost:8080",
        ] {
            assert!(shop_url(good).is_ok(), "{good}");
        }
        for wrong in [
            "http://shop.example.org",
            "https://shop.example.org/shop",
            "shop.example.org",
            "ftp://localhost",
        ] {
            assert!(shop_url(wrong).is_err(), "{wrong}");
        }
    }
}
