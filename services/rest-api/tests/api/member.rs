//! Someone with an account.

use domain::{AccountId, GuestId};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::support::{Api, Guest};

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct Member<'a> {
    pub(crate) api: &'a Api,
    pub(crate) id: AccountId,
    pub(crate) access: String,
    pub(crate) refresh: String,
    /// What the API answered when he signed up or in.
    pub(crate) answer: Value,
}

impl<'a> Member<'a> {
    /// Signs up; as the guest that he was, where one is given.
    pub(crate) async fn sign_up(api: &'a Api, email: &str, guest: Option<&Guest<'_>>) -> Self {
        let mut body = json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace" });
        if let Some(guest) = guest {
            body["guest_token"] = guest.token.clone().into();
        }
        let answer = post(api, "/v1/sign-up", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        Self::of(api, &answer)
    }

    /// Signs in; as the guest that he was, where one is given.
    pub(crate) async fn sign_in(api: &'a Api, email: &str, guest: Option<&Guest<'_>>) -> Self {
        let mut body = json!({ "email": email, "password": PASSWORD });
        if let Some(guest) = guest {
            body["guest_token"] = guest.token.clone().into();
        }
        let answer = post(api, "/v1/sign-in", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Self::of(api, &answer)
    }

    fn of(api: &'a Api, answer: &Answer) -> Self {
        assert_eq!(answer.header("cache-control"), "no-store");
        let answer = answer.json();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        Self {
            api,
            id: answer["account"]["id"].as_str().unwrap().parse().unwrap(),
            access: text("access_token"),
            refresh: text("refresh_token"),
            answer,
        }
    }

    /// One who does with the account's token what guests do with theirs.
    pub(crate) fn shopper(&self) -> Guest<'a> {
        Guest {
            api: self.api,
            id: GuestId(self.id.0),
            token: self.access.clone(),
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.api.request(method, path).bearer_auth(&self.access)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// A `PUT` on whatever is there.
    pub(crate) fn change(&self, path: &str) -> RequestBuilder {
        self.request(Method::PUT, path).header("if-match", "*")
    }

    /// Removes whatever is there.
    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path).header("if-match", "*")).await
    }

    /// Whether the access token is good still.
    pub(crate) async fn is_in(&self) -> bool {
        let answer = self.get("/v1/orders").await;
        if answer.status != 200 {
            answer.problem(401, "unauthorized");
        }
        answer.status == 200
    }
}

/// Sends a body without any token.
pub(crate) async fn post(api: &Api, path: &str, body: &Value) -> Answer {
    Answer::of(api.request(Method::POST, path).json(body)).await
}

/// Shows a refresh token.
pub(crate) async fn refresh(api: &Api, token: &str) -> Answer {
    post(api, "/v1/token", &json!({ "refresh_token": token })).await
}
