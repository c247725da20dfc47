//! Sessions: their refresh tokens rotate, and one that ends is over at once.

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::member::{Member, post, refresh};
use crate::support::{Api, Guest};

fn pair(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

#[tokio::test]
async fn a_refresh_token_rotates_and_a_lost_answer_is_given_again() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    assert!(ada.refresh.starts_with("wbr_") && ada.refresh.len() == 47);
    let (access, second) = pair(&refresh(&api, &ada.refresh).await);
    assert_ne!(second, ada.refresh);
    // The answer was lost on its way: the client asks again, and gets the same token.
    let (again, same) = pair(&refresh(&api, &ada.refresh).await);
    assert_eq!(same, second);
    assert_ne!(again, access, "each access token is one of its own");
    for access in [access, again] {
        let member = Member {
            access,
            ..Member::sign_in(&api, "ada@example.org", None).await
        };
        assert!(member.is_in().await);
    }
    let (_, third) = pair(&refresh(&api, &second).await);
    assert!(third != second && third != ada.refresh);
    api.close().await;
}

#[tokio::test]
async fn many_who_ask_at_once_with_the_same_token_get_the_same_successor() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    let answers = futures_util::future::join_all((0..8).map(|_| refresh(&api, &ada.refresh))).await;
    let successors: std::collections::BTreeSet<_> = answers.iter().map(|answer| pair(answer).1).collect();
    assert_eq!(successors.len(), 1);
    pair(&refresh(&api, successors.first().unwrap()).await);
    api.close().await;
}

#[tokio::test]
async fn a_token_that_is_used_again_ends_the_whole_session() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    let other = Member::sign_in(&api, "ada@example.org", None).await;
    let (_, second) = pair(&refresh(&api, &ada.refresh).await);
    let (newest, third) = pair(&refresh(&api, &second).await);
    // Its successor was used: whoever shows the first now is not who got the third.
    let reuse = refresh(&api, &ada.refresh).await;
    reuse.problem(401, "invalid-refresh-token");
    assert_ne!(reuse.header("www-authenticate"), "");
    refresh(&api, &third).await.problem(401, "invalid-refresh-token");
    assert!(!ada.is_in().await);
    let newest = Member {
        access: newest,
        ..ada
    };
    assert!(!newest.is_in().await);
    assert!(other.is_in().await, "another session goes on");
    pair(&refresh(&api, &other.refresh).await);
    api.close().await;
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    let guest = Guest::new(&api);
    let unknown = format!("wbr_{}", "A".repeat(43));
    for wrong in ["", "wbr_", &unknown, &guest.token, &ada.access] {
        refresh(&api, wrong).await.problem(401, "invalid-refresh-token");
    }
    for body in [json!({}), json!({ "refresh_token": 1 })] {
        assert_eq!(post(&api, "/v1/token", &body).await.fields().len(), 1);
    }
    let shown = Member {
        access: ada.refresh.clone(),
        ..ada
    };
    assert!(!shown.is_in().await, "a refresh token opens nothing else");
    api.close().await;
}

#[tokio::test]
async fn who_signs_out_is_out_at_once() {
    let api = Api::start().await;
    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    assert!(ada.is_in().await);
    let out = Answer::of(ada.request(Method::POST, "/v1/sign-out")).await;
    assert_eq!((out.status, out.text.as_str()), (204, ""));
    assert!(!ada.is_in().await);
    refresh(&api, &ada.refresh)
        .await
        .problem(401, "invalid-refresh-token");
    Answer::of(ada.request(Method::POST, "/v1/sign-out"))
        .await
        .problem(401, "unauthorized");
    api.close().await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all_others() {
    let api = Api::start().await;
    let phone = Member::sign_up(&api, "ada@example.org", None).await;
    let body = json!({ "email": "ada@example.org", "password": crate::member::PASSWORD });
    let desk = api
        .request(Method::POST, "/v1/sign-in")
        .header("user-agent", "Desk/1.0")
        .json(&body);
    let desk = Answer::of(desk).await.json();
    let tablet = Member::sign_in(&api, "ada@example.org", None).await;
    let desk = Member {
        access: desk["access_token"].as_str().unwrap().to_owned(),
        ..Member::sign_in(&api, "ada@example.org", None).await
    };
    let sessions = desk.get("/v1/me/sessions").await.json();
    let sessions = sessions["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 4);
    let current: Vec<&Value> = sessions
        .iter()
        .filter(|session| session["current"] == true)
        .collect();
    assert_eq!(current.len(), 1);
    assert_eq!(current[0]["device"], "Desk/1.0");

    let own = |member: &Value| format!("/v1/me/sessions/{}", member["id"].as_str().unwrap());
    assert_eq!(phone.delete(&own(current[0])).await.status, 204);
    assert!(!desk.is_in().await);
    phone.delete(&own(current[0])).await.problem(404, "not-found");
    phone.delete("/v1/me/sessions/1").await.problem(404, "not-found");
    assert!(tablet.is_in().await);

    assert_eq!(phone.delete("/v1/me/sessions").await.status, 204);
    assert!(phone.is_in().await, "the one that asks goes on");
    assert!(!tablet.is_in().await);
    let left = phone.get("/v1/me/sessions").await.json();
    assert_eq!(left["sessions"].as_array().unwrap().len(), 1);
    pair(&refresh(&api, &phone.refresh).await);
    api.close().await;
}

#[tokio::test]
async fn what_needs_an_account_is_refused_to_a_guest() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    for (method, path) in [
        (Method::GET, "/v1/me/sessions"),
        (Method::DELETE, "/v1/me/sessions"),
        (Method::DELETE, "/v1/me/sessions/1"),
        (Method::POST, "/v1/sign-out"),
    ] {
        let with = Answer::of(guest.request(method.clone(), path)).await;
        with.problem(403, "account-needed");
        Answer::of(api.request(method, path))
            .await
            .problem(401, "unauthorized");
    }
    api.close().await;
}

#[tokio::test]
async fn without_redis_a_session_ends_all_the_same() {
    let mut api = Api::start().await;
    api.servers.kill_redis().await;
    {
        let ada = Member::sign_up(&api, "ada@example.org", None).await;
        assert!(ada.is_in().await);
        assert_eq!(
            Answer::of(ada.request(Method::POST, "/v1/sign-out")).await.status,
            204
        );
        assert!(!ada.is_in().await, "this process knows it");
        refresh(&api, &ada.refresh)
            .await
            .problem(401, "invalid-refresh-token");
    }
    api.close().await;
}
