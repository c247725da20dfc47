//! Access tokens: what they say, that nobody else makes them, and their keys.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use devstack::testing::{eventually, token_key};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header, encode};
use serde_json::{Value, json};

use crate::member::Member;
use crate::support::{Api, Guest};

fn part(token: &str, place: usize) -> Value {
    let part = token.split('.').nth(place).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(part: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(part.to_string())
}

async fn is_good(api: &Api, token: &str) -> bool {
    let guest = Guest {
        token: token.to_owned(),
        ..Guest::new(api)
    };
    let answer = guest.get("/v1/orders").await;
    if answer.status == 200 {
        return true;
    }
    answer.problem(401, "unauthorized");
    let challenge = answer.header("www-authenticate");
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    false
}

/// What the API itself signs with, and a token of its own to vary.
struct Forger {
    key: EncodingKey,
    header: Header,
    claims: Value,
}

impl Forger {
    fn new(api: &Api, token: &str) -> Self {
        let pem = std::fs::read(&api.token_keys).unwrap();
        Self {
            key: EncodingKey::from_ec_pem(&pem).unwrap(),
            header: decode_header(token).unwrap(),
            claims: part(token, 1),
        }
    }

    fn sign(&self) -> String {
        encode(&self.header, &self.claims, &self.key).unwrap()
    }

    fn with(&self, claim: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[claim] = value;
        encode(&self.header, &claims, &self.key).unwrap()
    }

    fn without(&self, claim: &str) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().unwrap().remove(claim);
        encode(&self.header, &claims, &self.key).unwrap()
    }

    fn with_header(&self, change: impl FnOnce(&mut Header)) -> String {
        let mut header = self.header.clone();
        change(&mut header);
        encode(&header, &self.claims, &self.key).unwrap()
    }
}

/// A public key as tools write it to files: DER, and PEM with and without its last line's end (RFC 5480, RFC 7468).
fn as_files(jwk: &Value) -> [Vec<u8>; 3] {
    let on_p256 = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04";
    let number = |name: &str| {
        BASE64_URL_SAFE_NO_PAD
            .decode(jwk[name].as_str().unwrap())
            .unwrap()
    };
    let der = [on_p256.to_vec(), number("x"), number("y")].concat();
    let text = BASE64_STANDARD.encode(&der);
    let (first, second) = text.split_at(64);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----");
    [der, pem.clone().into_bytes(), format!("{pem}\n").into_bytes()]
}

#[tokio::test]
async fn a_token_says_who_and_for_how_long_and_can_be_checked_with_the_keys_served() {
    let api = Api::start_with(&["--token-issuer=https://shop.example", "--token-audience=apps"]).await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    let (header, claims) = (part(&ada.access, 0), part(&ada.access, 1));
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("ES256"), &json!("at+jwt"))
    );
    assert_eq!(claims["iss"], "https://shop.example");
    assert_eq!(claims["aud"], "apps");
    assert_eq!(claims["sub"], ada.id.to_string());
    assert_eq!(claims["role"], "customer");
    let second = |name: &str| claims[name].as_i64().unwrap();
    assert_eq!(second("exp") - second("iat"), 600);
    assert_eq!(second("nbf"), second("iat"));
    assert!(claims["sid"].is_string() && claims["jti"].is_string());
    assert!(!claims.to_string().contains("ada@"), "{claims}");

    let keys = api.get("/.well-known/jwks.json").await;
    assert_eq!(keys.status, 200);
    assert_eq!(keys.header("cache-control"), "public, max-age=300");
    assert!(!keys.text.contains("\"d\""), "{}", keys.text);
    let keys: JwkSet = serde_json::from_str(&keys.text).unwrap();
    let key: &Jwk = keys.find(header["kid"].as_str().unwrap()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(Algorithm::ES256);
    rules.set_audience(&["apps"]);
    rules.set_issuer(&["https://shop.example"]);
    let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
    jsonwebtoken::decode::<Value>(&ada.access, &key, &rules).unwrap();
    api.close().await;
}

#[tokio::test]
async fn a_token_whose_claims_are_not_all_right_is_refused() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    let forger = Forger::new(&api, &ada.access);
    assert!(is_good(&api, &forger.sign()).await, "it can forge what is right");
    let now = chassis::clock::now().as_second();
    for (what, token) in [
        ("issuer", forger.with("iss", json!("https://elsewhere.example"))),
        ("no issuer", forger.without("iss")),
        ("audience", forger.with("aud", json!("elsewhere"))),
        ("no audience", forger.without("aud")),
        ("expired", forger.with("exp", json!(now - 31))),
        ("no expiry", forger.without("exp")),
        ("not yet", forger.with("nbf", json!(now + 60))),
        ("no begin", forger.without("nbf")),
        ("issued later", forger.with("iat", json!(now + 60))),
        ("no subject", forger.without("sub")),
        ("subject", forger.with("sub", json!("ada"))),
        ("no session", forger.without("sid")),
        ("role", forger.with("role", json!("king"))),
    ] {
        assert!(!is_good(&api, &token).await, "{what}");
    }
    assert!(
        is_good(&api, &forger.with("exp", json!(now - 10))).await,
        "clocks may differ"
    );
    api.close().await;
}

#[tokio::test]
async fn only_es256_with_a_key_of_ours_is_believed() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    let forger = Forger::new(&api, &ada.access);
    let [header, claims, signature] = ada.access.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts");
    };
    let served = api.get("/.well-known/jwks.json").await.text;
    let jwk = serde_json::from_str::<Value>(&served).unwrap()["keys"][0].clone();
    let key_id = jwk["kid"].as_str().unwrap().to_owned();
    let named = |algorithm: &str| encoded(&json!({ "alg": algorithm, "typ": "at+jwt", "kid": key_id }));
    let mut tokens = Vec::new();
    for none in ["none", "None", "NONE"] {
        tokens.push((none.to_owned(), format!("{}.{claims}.", named(none))));
        tokens.push((none.to_owned(), format!("{}.{claims}.{signature}", named(none))));
    }
    // The public key, however it may be written, as if it were a shared secret.
    let x = jwk["x"].as_str().unwrap();
    let written = [jwk.to_string(), served.clone(), x.to_owned(), key_id.clone()].map(String::into_bytes);
    for secret in written.into_iter().chain(as_files(&jwk)) {
        let header = Header {
            alg: Algorithm::HS256,
            ..forger.header.clone()
        };
        let token = encode(&header, &forger.claims, &EncodingKey::from_secret(&secret)).unwrap();
        tokens.push(("HS256".to_owned(), token));
    }
    for other in ["ES384", "RS256", "EdDSA"] {
        tokens.push((other.to_owned(), format!("{}.{claims}.{signature}", named(other))));
    }
    let own = EncodingKey::from_ec_pem(token_key().as_bytes()).unwrap();
    let foreign = encode(&forger.header, &forger.claims, &own).unwrap();
    tokens.push(("another key under the same id".to_owned(), foreign));
    let mut with_key = forger.header.clone();
    with_key.jwk = Some(Jwk::from_encoding_key(&own, Algorithm::ES256).unwrap());
    tokens.push((
        "a key of its own".to_owned(),
        encode(&with_key, &forger.claims, &own).unwrap(),
    ));
    tokens.push(("no key".into(), forger.with_header(|header| header.kid = None)));
    let unknown = forger.with_header(|header| header.kid = Some("unknown".into()));
    tokens.push(("an unknown key".into(), unknown));
    let id_token = forger.with_header(|header| header.typ = Some("JWT".into()));
    tokens.push(("another type".into(), id_token));
    let critical = forger.with_header(|header| header.crit = Some(vec!["exp".into()]));
    tokens.push(("critical".into(), critical));
    let mut other = forger.claims.clone();
    other["role"] = "staff".into();
    tokens.push((
        "changed".into(),
        format!("{header}.{}.{signature}", encoded(&other)),
    ));
    tokens.push(("cut".into(), format!("{header}.{claims}.{}", &signature[..80])));
    tokens.push(("two parts".into(), format!("{header}.{claims}")));
    tokens.push(("four parts".into(), format!("{}.x", ada.access)));
    for (what, token) in tokens {
        assert!(!is_good(&api, &token).await, "{what}: {token}");
    }
    assert!(is_good(&api, &ada.access).await);
    api.close().await;
}

#[tokio::test]
async fn keys_rotate_with_overlap() {
    let api = Api::start().await;
    let old = std::fs::read_to_string(&api.token_keys).unwrap();
    let new = token_key();
    let before = Member::sign_up(&api, "ada@example.org", None).await;
    let key_of = |token: &str| decode_header(token).unwrap().kid.unwrap();
    let served = async || {
        let keys: JwkSet = serde_json::from_str(&api.get("/.well-known/jwks.json").await.text).unwrap();
        keys.keys.len()
    };
    std::fs::write(&api.token_keys, format!("{new}\n{old}")).unwrap();
    eventually("both keys to be served", async || {
        (served().await == 2).then_some(())
    })
    .await;
    let after = Member::sign_in(&api, "ada@example.org", None).await;
    assert_ne!(key_of(&after.access), key_of(&before.access));
    assert!(is_good(&api, &before.access).await && is_good(&api, &after.access).await);

    std::fs::write(&api.token_keys, &new).unwrap();
    eventually("the old key to go", async || (served().await == 1).then_some(())).await;
    assert!(!is_good(&api, &before.access).await && is_good(&api, &after.access).await);
    api.close().await;
}

#[tokio::test]
async fn a_session_that_another_replica_ended_is_over_here_within_seconds() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    assert!(ada.is_in().await);
    let options = cache::ConnectOptions {
        url: api.servers.redis_url.clone().into(),
        max_connections: 1,
        timeout: Duration::from_secs(1),
    };
    let redis = cache::Redis::new(options).unwrap();
    let session = part(&ada.access, 1)["sid"].as_str().unwrap().parse().unwrap();
    let other = cache::EndedSessions::new(redis, Duration::from_secs(60));
    other.end(session).await.unwrap();
    let began = std::time::Instant::now();
    eventually("the token to be refused", async || {
        (!ada.is_in().await).then_some(())
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    api.close().await;
}
