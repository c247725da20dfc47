//! A mail client that says what it is told to.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::Wire;

/// A client that says what it is told to.
pub(crate) struct Client<S>(pub(crate) BufReader<S>);

impl Client<TcpStream> {
    pub(crate) async fn open(wire: &Wire) -> Self {
        let mut client = Self(BufReader::new(
            TcpStream::connect(wire.sandbox.smtp_addr).await.unwrap(),
        ));
        assert_eq!(client.reply().await.0, 220);
        client
    }

    /// On with TLS, as the local CA allows.
    pub(crate) async fn secured(mut self, wire: &Wire) -> Client<TlsStream<TcpStream>> {
        self.expect("EHLO hub.example", 250).await;
        self.expect("STARTTLS", 220).await;
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_file(&wire.sandbox.credentials.ca_pem_path).unwrap();
        roots.add(ca).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, self.0.into_inner())
            .await;
        Client(BufReader::new(stream.unwrap()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// The code of the reply that comes next, and all its lines; 0 where the server has gone.
    pub(crate) async fn reply(&mut self) -> (u16, String) {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await.unwrap_or(0) == 0 {
                return (0, text);
            }
            assert!(line.ends_with("\r\n"), "{line:?}");
            text.push_str(&line);
            if line.as_bytes()[3] == b' ' {
                return (line[..3].parse().unwrap(), text);
            }
        }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).await.unwrap();
        self.0.get_mut().flush().await.unwrap();
    }

    pub(crate) async fn expect(&mut self, line: &str, code: u16) -> String {
        self.send(format!("{line}\r\n").as_bytes()).await;
        let (got, text) = self.reply().await;
        assert_eq!(got, code, "{line}: {text}");
        text
    }

    pub(crate) async fn sign_in(&mut self, wire: &Wire) {
        self.expect("EHLO hub.example", 250).await;
        let smtp = &wire.sandbox.credentials.smtp;
        let proof = STANDARD.encode(format!("\0{}\0{}", smtp.user, smtp.password));
        self.expect(&format!("AUTH PLAIN {proof}"), 235).await;
    }

    /// Hands over a mail whose content is `content`.
    pub(crate) async fn hand_over(&mut self, content: &str, code: u16) {
        self.expect("MAIL FROM:<orders@waybill.example>", 250).await;
        self.expect("RCPT TO:<ada@example.org>", 250).await;
        self.expect("DATA", 354).await;
        self.expect(&format!("{content}."), code).await;
    }
}

pub(crate) async fn signed_in(wire: &Wire) -> Client<TlsStream<TcpStream>> {
    let mut client = Client::open(wire).await.secured(wire).await;
    client.sign_in(wire).await;
    client
}
