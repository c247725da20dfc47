//! What goes over the wire, against Microsoft's document "Push notification service request and response headers".

use super::*;
use crate::gateway::samples::push;
use crate::gateway::transport::{Settings, Speaks};

fn wns() -> Wns {
    let credentials = Credentials::Uwp {
        package_sid: "ms-app://S-1-15-2-1".into(),
        secret: "secret".to_owned().into(),
    };
    let url = credentials.token_url().unwrap();
    let pool = Pool::new(&Settings::new(1), &Speaks::Http1 { instead: Vec::new() }).unwrap();
    Wns::new(Tokens::new(credentials, url), pool)
}

#[test]
fn a_request_has_the_headers_wns_wants_and_a_known_length() {
    let uri = "https://db5.notify.windows.com/?token=AgYAAAD%2f";
    let push = push(Channel::Wns { uri: uri.into() });
    let now = crate::notification::samples::NOW.parse().unwrap();
    let address = address(&push.channel).unwrap();
    let request = wns()
        .request(&push, address, "token", now)
        .unwrap()
        .build()
        .unwrap();
    assert_eq!(request.method(), "POST");
    assert_eq!(request.url().as_str(), uri);
    let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("authorization"), "Bearer token");
    assert_eq!(header("content-type"), "text/xml");
    assert_eq!(header("x-wns-type"), "wns/toast");
    assert_eq!(header("x-wns-ttl"), "1800");
    let tag = header("x-wns-tag");
    assert!(
        tag.len() == 16 && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "{tag}"
    );
    assert_eq!(header("x-wns-priority"), "1");
    assert!(
        request.body().unwrap().as_bytes().is_some(),
        "a body of known length is not sent in chunks"
    );
}

#[test]
fn a_channel_that_leads_elsewhere_is_not_used() {
    let elsewhere = Channel::Wns {
        uri: "https://127.0.0.1/".into(),
    };
    assert!(matches!(address(&elsewhere), Err(Answer::Refused { .. })));
    assert!(matches!(
        address(&Channel::Apns { token: "ab".into() }),
        Err(Answer::Refused { .. })
    ));
}
