//! An issuer of OpenID Connect tokens of the tests' own: strict about what it is asked, and at will wrong in what it answers.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use devstack::testing::token_key;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const AUDIENCE: &str = "api://waybill";

/// What it answers.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    keys: Vec<Jwk>,
    /// Every address that it was asked for.
    pub(crate) asked: Vec<String>,
    /// Whether it sends those who ask for its keys elsewhere.
    pub(crate) redirects: bool,
    /// What it calls itself, if not by its name.
    pub(crate) other_name: Option<String>,
}

pub(crate) struct Issuer {
    pub(crate) name: String,
    pub(crate) answers: Arc<Mutex<Answers>>,
}

/// A key of it.
pub(crate) struct IssuerKey {
    pub(crate) id: String,
    pub(crate) key: EncodingKey,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answers: Arc<Mutex<Answers>> = Arc::default();
        let shared = Arc::clone(&answers);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, address, Arc::clone(&shared)));
            }
        });
        Self {
            name: format!("http://{address}/realm"),
            answers,
        }
    }

    /// Signs with another key from now on, which it serves beside those before.
    pub(crate) fn add_key(&self, id: &str) -> IssuerKey {
        let key = EncodingKey::from_ec_pem(token_key().as_bytes()).unwrap();
        let mut public = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        public.common.key_id = Some(id.to_owned());
        self.answers.lock().unwrap().keys.push(public);
        IssuerKey {
            id: id.to_owned(),
            key,
        }
    }

    pub(crate) fn times_asked(&self, path: &str) -> usize {
        let answers = self.answers.lock().unwrap();
        answers.asked.iter().filter(|asked| *asked == path).count()
    }

    /// The file that makes an API believe it.
    pub(crate) fn config(&self) -> Value {
        json!([{
            "issuer": self.name,
            "audience": AUDIENCE,
            "algorithms": ["ES256", "RS256"],
            "staff": { "claim": "realm_access.roles", "values": ["shop-staff"] },
        }])
    }

    /// What stands in a token of `subject` that is good now.
    pub(crate) fn claims(&self, subject: &str) -> Value {
        let now = chassis::clock::now().as_second();
        json!({ "iss": self.name, "aud": ["account", AUDIENCE], "sub": subject,
                "iat": now, "nbf": now, "exp": now + 300, "realm_access": { "roles": ["user"] } })
    }
}

impl IssuerKey {
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = Header {
            kid: Some(self.id.clone()),
            ..Header::new(Algorithm::ES256)
        };
        encode(&header, claims, &self.key).unwrap()
    }
}

/// Answers one request, and asks for no more than a client of discovery has to send.
async fn answer(mut stream: TcpStream, own: SocketAddr, answers: Arc<Mutex<Answers>>) {
    let (reading, mut writing) = stream.split();
    let mut lines = BufReader::new(reading).lines();
    let Ok(Some(first)) = lines.next_line().await else {
        return;
    };
    while let Ok(Some(line)) = lines.next_line().await {
        if line.is_empty() {
            break;
        }
    }
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let (status, location, body) = {
        let mut answers = answers.lock().unwrap();
        answers.asked.push(path.clone());
        let name = answers.other_name.clone();
        match path.as_str() {
            "/realm/.well-known/openid-configuration" => {
                let name = name.unwrap_or_else(|| format!("http://{own}/realm"));
                let found = json!({ "issuer": name, "jwks_uri": format!("http://{own}/realm/keys") });
                ("200 OK", "", found.to_string())
            }
            "/realm/keys" if answers.redirects => {
                ("302 Found", "location: /realm/other-keys\r\n", String::new())
            }
            "/realm/keys" | "/realm/other-keys" => {
                let keys = JwkSet {
                    keys: answers.keys.clone(),
                };
                ("200 OK", "", serde_json::to_string(&keys).unwrap())
            }
            _ => ("404 Not Found", "", String::new()),
        }
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\n{location}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _gone_is_fine = writing.write_all(answer.as_bytes()).await;
}
