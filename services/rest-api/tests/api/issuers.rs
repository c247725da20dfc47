//! People who sign in with an issuer that the operator named.

use devstack::testing::{eventually, folder};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::issuer::{AUDIENCE, Issuer};
use crate::member::PASSWORD;
use crate::support::{Api, Guest};

/// An API that believes the issuer.
pub(crate) async fn believing(issuer: &Issuer) -> Api {
    let file = folder().unwrap().keep().join("issuers.json");
    std::fs::write(&file, issuer.config().to_string()).unwrap();
    Api::start_with(&[&format!("--issuers-file={}", file.display())]).await
}

pub(crate) fn with<'a>(api: &'a Api, token: &str) -> Guest<'a> {
    Guest {
        token: token.to_owned(),
        ..Guest::new(api)
    }
}

async fn is_good(api: &Api, token: &str) -> bool {
    let answer = with(api, token).get("/v1/me").await;
    if answer.status != 200 {
        answer.problem(401, "unauthorized");
    }
    answer.status == 200
}

#[tokio::test]
async fn a_token_of_a_named_issuer_is_an_account_of_its_subject_and_of_nobody_else() {
    let issuer = Issuer::start().await;
    let key = issuer.add_key("one");
    let api = believing(&issuer).await;
    let token = key.sign(&issuer.claims("ada"));
    let ada = with(&api, &token);
    let (first, second) = tokio::join!(ada.get("/v1/me"), ada.get("/v1/me"));
    assert_eq!((first.status, second.status), (200, 200), "{first:?}");
    let account = first.json();
    assert_eq!(second.json()["id"], account["id"]);
    assert_eq!(
        (&account["email"], &account["role"]),
        (&Value::Null, &json!("customer"))
    );
    let order = ada.order("honey-acacia", 1).await;
    let again = key.sign(&issuer.claims("ada"));
    assert_eq!(with(&api, &again).get(&order).await.status, 200);
    let other = key.sign(&issuer.claims("eve"));
    with(&api, &other).get(&order).await.problem(404, "not-found");
    assert_ne!(with(&api, &other).get("/v1/me").await.json()["id"], account["id"]);
    assert_eq!(issuer.times_asked("/realm/keys"), 1, "keys are kept");
    api.close().await;
}

#[tokio::test]
async fn a_claim_makes_staff_and_its_absence_does_not() {
    let issuer = Issuer::start().await;
    let key = issuer.add_key("one");
    let api = believing(&issuer).await;
    let mut claims = issuer.claims("sam");
    for (roles, role) in [
        (json!(["shop-staff"]), "staff"),
        (json!(["user"]), "customer"),
        (json!({ "shop-staff": true }), "customer"),
    ] {
        claims["realm_access"]["roles"] = roles;
        let token = key.sign(&claims);
        assert_eq!(with(&api, &token).get("/v1/me").await.json()["role"], role);
    }
    api.close().await;
}

#[tokio::test]
async fn what_is_not_all_right_in_a_token_of_an_issuer_is_refused() {
    let issuer = Issuer::start().await;
    let key = issuer.add_key("one");
    let api = believing(&issuer).await;
    let good = issuer.claims("ada");
    assert!(is_good(&api, &key.sign(&good)).await);
    let now = chassis::clock::now().as_second();
    for (claim, value) in [
        ("iss", json!("http://127.0.0.1:1/realm")),
        ("iss", json!(format!("{}/", issuer.name))),
        ("iss", json!("waybill")),
        ("aud", json!("account")),
        ("aud", json!([])),
        ("exp", json!(now - 31)),
        ("exp", json!("never")),
        ("nbf", json!(now + 60)),
        ("iat", json!(now + 60)),
        ("sub", json!("")),
        ("sub", json!("a\u{0}b")),
        ("sub", json!("x".repeat(256))),
    ] {
        let mut claims = good.clone();
        claims[claim] = value;
        assert!(!is_good(&api, &key.sign(&claims)).await, "{claim}: {claims}");
    }
    for claim in ["iss", "aud", "sub", "exp"] {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(claim);
        assert!(!is_good(&api, &key.sign(&claims)).await, "no {claim}");
    }
    api.close().await;
}

#[tokio::test]
async fn only_named_algorithms_and_served_keys_are_believed() {
    let issuer = Issuer::start().await;
    let key = issuer.add_key("one");
    let api = believing(&issuer).await;
    let claims = issuer.claims("ada");
    assert!(is_good(&api, &key.sign(&claims)).await);
    let own = EncodingKey::from_ec_pem(devstack::testing::token_key().as_bytes()).unwrap();
    let named = |algorithm| Header {
        kid: Some("one".to_owned()),
        ..Header::new(algorithm)
    };
    let public = Jwk::from_encoding_key(&key.key, Algorithm::ES256).unwrap();
    let secret = serde_json::to_string(&public).unwrap();
    let with_secret = encode(
        &named(Algorithm::HS256),
        &claims,
        &EncodingKey::from_secret(secret.as_bytes()),
    );
    let mut with_key = named(Algorithm::ES256);
    with_key.jwk = Some(Jwk::from_encoding_key(&own, Algorithm::ES256).unwrap());
    let mut elsewhere = named(Algorithm::ES256);
    elsewhere.jku = Some("http://127.0.0.1:1/keys".to_owned());
    let mut nameless = named(Algorithm::ES256);
    nameless.kid = None;
    for (what, token) in [
        ("a public key as a secret", with_secret.unwrap()),
        (
            "another key",
            encode(&named(Algorithm::ES256), &claims, &own).unwrap(),
        ),
        ("a key of its own", encode(&with_key, &claims, &own).unwrap()),
        ("keys elsewhere", encode(&elsewhere, &claims, &own).unwrap()),
        ("no key", encode(&nameless, &claims, &key.key).unwrap()),
    ] {
        assert!(!is_good(&api, &token).await, "{what}");
    }
    api.close().await;
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_and_not_too_often() {
    let issuer = Issuer::start().await;
    let old = issuer.add_key("old");
    let api = believing(&issuer).await;
    assert!(is_good(&api, &old.sign(&issuer.claims("ada"))).await);
    let new = issuer.add_key("new");
    let token = new.sign(&issuer.claims("ada"));
    eventually("the new key to be asked for", async || {
        is_good(&api, &token).await.then_some(())
    })
    .await;
    assert!(is_good(&api, &old.sign(&issuer.claims("ada"))).await);
    let asked = issuer.times_asked("/realm/keys");
    assert_eq!(asked, 2);
    for number in 0..20 {
        let mut forged = issuer.add_key("forged");
        forged.id = format!("forged-{number}");
        assert!(!is_good(&api, &forged.sign(&issuer.claims("ada"))).await);
    }
    assert!(issuer.times_asked("/realm/keys") <= asked + 1);
    api.close().await;
}

#[tokio::test]
async fn an_issuer_that_answers_wrongly_is_not_believed_and_guests_are_served() {
    for spoil in ["redirect", "name"] {
        let issuer = Issuer::start().await;
        let key = issuer.add_key("one");
        {
            let mut answers = issuer.answers.lock().unwrap();
            answers.redirects = spoil == "redirect";
            answers.other_name = (spoil == "name").then(|| "https://elsewhere.example".to_owned());
        }
        let api = believing(&issuer).await;
        let token = key.sign(&issuer.claims("ada"));
        with(&api, &token).get("/v1/me").await.problem(503, "unavailable");
        assert_eq!(
            issuer.times_asked("/realm/other-keys"),
            0,
            "no redirect is followed"
        );
        assert_eq!(Guest::new(&api).get("/v1/orders").await.status, 200);
        api.close().await;
    }
}

#[tokio::test]
async fn who_signs_in_elsewhere_has_neither_password_nor_session_here() {
    let issuer = Issuer::start().await;
    let key = issuer.add_key("one");
    let api = believing(&issuer).await;
    let ada = with(&api, &key.sign(&issuer.claims("ada")));
    let sessions = ada.get("/v1/me/sessions").await.json();
    assert_eq!(sessions, json!({ "sessions": [] }));
    let out = Answer::of(ada.request(Method::POST, "/v1/sign-out")).await;
    out.problem(409, "signed-in-elsewhere");
    let body = json!({ "old_password": PASSWORD, "new_password": PASSWORD });
    let password = Answer::of(ada.request(Method::POST, "/v1/me/password").json(&body)).await;
    password.problem(409, "signed-in-elsewhere");
    let named = Answer::of(
        ada.request(Method::PATCH, "/v1/me")
            .json(&json!({ "name": "Ada" })),
    )
    .await;
    assert_eq!(named.json()["name"], "Ada");
    assert_eq!(AUDIENCE, "api://waybill");
    api.close().await;
}
