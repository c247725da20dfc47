//! Every operation of the committed contract, and someone whose things they are about.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::member::{Member, PASSWORD};
use crate::support::{Api, Guest, draft};

/// The committed contract.
pub(crate) fn contract() -> Value {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json"));
    serde_json::from_str(&text.unwrap()).unwrap()
}

/// An operation of the contract.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    pub(crate) path: String,
    /// What the contract says of it.
    pub(crate) said: Value,
}

/// All of them, in an order in which one can do them one after another: what ends something comes last.
pub(crate) fn operations() -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in contract()["paths"].as_object().unwrap() {
        for (method, said) in item.as_object().unwrap() {
            operations.push(Operation {
                id: said["operationId"].as_str().unwrap().to_owned(),
                method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                path: path.clone(),
                said: said.clone(),
            });
        }
    }
    let rank = |method: &Method| ["GET", "POST", "PATCH", "PUT", "DELETE"].map(|name| name == *method);
    operations.sort_by_key(|operation| {
        let rank = rank(&operation.method).iter().position(|is| *is);
        (rank, std::cmp::Reverse(operation.path.len()))
    });
    operations
}

impl Operation {
    /// Whether it needs no token.
    pub(crate) fn is_open(&self) -> bool {
        self.said["security"].is_null()
    }

    /// Whether its address names a thing.
    pub(crate) fn has_id(&self) -> bool {
        self.path.contains('{')
    }

    /// Whether the contract lists answers of this status.
    pub(crate) fn can_answer(&self, status: u16) -> bool {
        !self.said["responses"][status.to_string()].is_null()
    }

    /// The media type of what it takes, and what the contract says of it.
    pub(crate) fn content(&self) -> Option<(&str, &Value)> {
        let content = self.said["requestBody"]["content"].as_object()?;
        content.iter().map(|(kind, said)| (kind.as_str(), said)).next()
    }

    /// The example of what it takes.
    pub(crate) fn example(&self) -> Option<Value> {
        self.content().map(|(_, said)| said["example"].clone())
    }

    pub(crate) fn takes(&self, header: &str) -> bool {
        let parameters = self.said["parameters"].as_array().into_iter().flatten();
        parameters
            .into_iter()
            .any(|parameter| parameter["name"] == header)
    }
}

/// Someone with one of each thing that an address can name.
pub(crate) struct Owner<'a> {
    pub(crate) member: Member<'a>,
    email: &'a str,
    order: String,
    scheduled: String,
    address: String,
    installation: String,
    wish: String,
    session: String,
}

impl<'a> Owner<'a> {
    pub(crate) async fn sign_up(api: &'a Api, email: &'a str) -> Self {
        let member = Member::sign_up(api, email, None).await;
        let shopper = member.shopper();
        let order = last(&shopper.order("honey-acacia", 1).await);
        let mut later = draft(&[("honey-acacia", 1)]);
        later["place_at"] = tomorrow();
        let scheduled = shopper.post("/v1/scheduled-orders", "later", &later).await;
        let home = json!({
            "name": "Ada Lovelace",
            "shipping_address": { "street": "Ring 1", "postcode": "1010", "city": "Wien", "country": "AT" },
        });
        let address = shopper.post("/v1/me/addresses", "home", &home).await;
        let installation = chassis::clock::random_id().to_string();
        let phone = json!({ "app": "shop", "platform": "fcm", "channel": { "kind": "fid", "value": "f-of-the-owner" }, "locale": "de-AT" });
        let put = member.request(Method::PUT, &format!("/v1/installations/{installation}"));
        assert_eq!(Answer::of(put.json(&phone)).await.status, 201);
        let wanted = json!({ "topic": "catalog.restocked", "condition": "sku = 'of-the-owner'" });
        let wish = shopper.post("/v1/wishes", "wish", &wanted).await;
        let session = member.get("/v1/me/sessions").await.json()["sessions"][0]["id"].clone();
        Self {
            order,
            scheduled: last(&scheduled.header("location")),
            address: last(&address.header("location")),
            installation,
            wish: last(&wish.header("location")),
            session: session.as_str().unwrap().to_owned(),
            email,
            member,
        }
    }

    /// What nobody else may be told.
    pub(crate) fn secrets(&self) -> [&str; 7] {
        [
            self.email,
            &self.order,
            &self.scheduled,
            &self.address,
            &self.installation,
            &self.wish,
            &self.session,
        ]
    }

    /// Its address, with the ids of what is this owner's.
    pub(crate) fn address(&self, operation: &Operation) -> String {
        let Some((before, rest)) = operation.path.split_once('{') else {
            return operation.path.clone();
        };
        let id = match before {
            "/v1/orders/" => &self.order,
            "/v1/scheduled-orders/" => &self.scheduled,
            "/v1/installations/" => &self.installation,
            "/v1/wishes/" => &self.wish,
            "/v1/me/addresses/" => &self.address,
            "/v1/me/sessions/" => &self.session,
            "/v1/products/" => "honey-acacia",
            "/problems/" => "not-found",
            _ => panic!("{}: say here whose thing it is about", operation.path),
        };
        let (_, after) = rest.split_once('}').unwrap();
        format!("{before}{id}{after}")
    }

    /// What it takes, so that it can be done.
    pub(crate) fn body(&self, operation: &Operation) -> Option<Value> {
        let mut body = operation.example()?;
        let api = self.member.api;
        for (field, value) in body.as_object_mut().into_iter().flatten() {
            match (field.as_str(), operation.id.as_str()) {
                ("place_at", _) => *value = tomorrow(),
                ("guest_token", _) => *value = Guest::new(api).token.into(),
                ("refresh_token", _) => *value = self.member.refresh.as_str().into(),
                ("password" | "old_password" | "new_password", _) => *value = PASSWORD.into(),
                ("email", "signIn") => *value = self.email.into(),
                ("email", _) => *value = format!("{}@example.org", chassis::clock::random_id()).into(),
                _ => {}
            }
        }
        Some(body)
    }

    /// The request that does it to what is this owner's, without any token.
    pub(crate) fn request(&self, operation: &Operation, body: Option<&Value>) -> RequestBuilder {
        let api = self.member.api;
        let mut request = api.request(operation.method.clone(), &self.address(operation));
        if operation.takes("Idempotency-Key") {
            request = request.header("idempotency-key", chassis::clock::random_id().to_string());
        }
        if operation.takes("If-Match") {
            // Whatever version it has.
            request = request.header("if-match", "*");
        }
        match (body, operation.content()) {
            (Some(body), Some((kind, _))) => request.header("content-type", kind).body(body.to_string()),
            _ => request,
        }
    }

    /// Has another session to end, or to sign out from. Gives its token.
    pub(crate) async fn begin_session(&mut self) -> String {
        let other = Member::sign_in(self.member.api, self.email, None).await;
        let listed = other.get("/v1/me/sessions").await.json();
        let sessions = listed["sessions"].as_array().unwrap();
        let own = sessions.iter().find(|session| session["current"] == true);
        self.session = own.unwrap()["id"].as_str().unwrap().to_owned();
        other.access
    }

    /// All that can be read of what is this owner's.
    pub(crate) async fn all(&self) -> Vec<String> {
        let mut all = Vec::new();
        for operation in operations() {
            // A stream of events does not end.
            let personal = operation.method == Method::GET && !operation.is_open();
            if personal && operation.id != "followOrder" {
                let answer = self.member.get(&self.address(&operation)).await;
                assert_eq!(answer.status, 200, "{}: {}", operation.id, answer.text);
                all.push(format!("{}: {}", operation.id, answer.text));
            }
        }
        all
    }
}

fn tomorrow() -> Value {
    let at = chassis::clock::now() + jiff::SignedDuration::from_hours(24);
    at.to_string().into()
}

/// The last part of an address.
fn last(address: &str) -> String {
    address.rsplit('/').next().unwrap().to_owned()
}
