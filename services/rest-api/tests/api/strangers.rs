//! Every operation of the contract, tried by those whose things it is not about.

use identity::GuestTokens;

use crate::answer::Answer;
use crate::member::Member;
use crate::operations::{Owner, operations};
use crate::support::{Api, Guest};

/// What everyone may ask. Whatever else there is needs a token.
const OPEN: [&str; 10] = [
    "createGuestSession",
    "explainProblem",
    "getContract",
    "getProduct",
    "getPushKeys",
    "getTokenKeys",
    "listProducts",
    "refreshTokens",
    "signIn",
    "signUp",
];
/// A device has one id whoever uses it: it is told on behalf of whoever registers it last.
const CHANGES_HANDS: &str = "putInstallation";

#[tokio::test]
async fn nobody_does_anything_to_what_is_someone_elses() {
    let api = Api::start().await;
    let owner = Owner::sign_up(&api, "ada@example.org").await;
    let before = owner.all().await;
    let eve = Member::sign_up(&api, "eve@example.org", None).await;
    let guest = Guest::new(&api);
    for operation in operations().iter().filter(|operation| !operation.is_open()) {
        if operation.id == CHANGES_HANDS || (!operation.has_id() && operation.method != "GET") {
            continue;
        }
        let body = owner.body(operation);
        for (who, token) in [("an account", &eve.access), ("a guest", &guest.token)] {
            let request = owner.request(operation, body.as_ref()).bearer_auth(token);
            let answer = Answer::of(request).await;
            let place = format!("{} by {who}", operation.id);
            if who == "a guest" && operation.can_answer(403) {
                answer.problem(403, "account-needed");
            } else if operation.has_id() {
                answer.problem(404, "not-found");
            } else {
                assert_eq!(answer.status, 200, "{place}: {}", answer.text);
            }
            for secret in owner.secrets() {
                assert!(
                    !answer.text.contains(secret),
                    "{place} tells {secret}: {}",
                    answer.text
                );
            }
        }
    }
    assert_eq!(owner.all().await, before);
    api.close().await;
}

#[tokio::test]
async fn without_a_genuine_token_nothing_is_done_but_what_everyone_may() {
    let api = Api::start().await;
    let owner = Owner::sign_up(&api, "ada@example.org").await;
    let before = owner.all().await;
    let other_key = "fedcba9876543210".repeat(4).parse().unwrap();
    let forged = GuestTokens::new(other_key).mint(Guest::new(&api).id);
    let mut open = Vec::new();
    for operation in operations() {
        if operation.is_open() {
            open.push(operation.id);
            continue;
        }
        let body = owner.body(&operation);
        let none = Answer::of(owner.request(&operation, body.as_ref())).await;
        none.problem(401, "unauthorized");
        assert_eq!(
            none.header("www-authenticate"),
            "Bearer realm=\"waybill\"",
            "{}",
            operation.id
        );
        for wrong in [
            forged.as_str(),
            "wbg_nonsense",
            "e30.e30.e30",
            &owner.member.refresh,
        ] {
            let request = owner.request(&operation, body.as_ref()).bearer_auth(wrong);
            let refused = Answer::of(request).await;
            refused.problem(401, "unauthorized");
            let challenge = refused.header("www-authenticate");
            assert!(
                challenge.contains("error=\"invalid_token\""),
                "{}: {challenge}",
                operation.id
            );
        }
    }
    open.sort();
    assert_eq!(open, OPEN, "what needs no token is named here, and nothing else");
    assert_eq!(owner.all().await, before);
    api.close().await;
}
