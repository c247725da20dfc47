//! What a message is made of, and what is none.

use super::*;

#[test]
fn builds_what_http_v1_takes() {
    let message = MessageBuilder::new(Target::token("t"))
        .notification("Order confirmed", "It is on its way")
        .data("order", "42")
        .collapse_key("42")
        .priority(Priority::High)
        .ttl(Duration::from_secs(1800))
        .build()
        .unwrap();
    assert_eq!(
        serde_json::to_value(message).unwrap(),
        serde_json::json!({
            "token": "t",
            "notification": {"title": "Order confirmed", "body": "It is on its way"},
            "data": {"order": "42"},
            "android": {"collapse_key": "42", "priority": "HIGH", "ttl": "1800s", "notification": {"tag": "42"}},
        })
    );
}

#[test]
fn names_an_installation_id_as_fid() {
    let message = MessageBuilder::new(Target::fid("abc")).build().unwrap();
    assert_eq!(
        serde_json::to_value(message).unwrap(),
        serde_json::json!({"fid": "abc", "android": {}})
    );
}

#[test]
fn a_channel_and_a_label_stand_where_google_looks_for_them() {
    let to = || {
        MessageBuilder::new(Target::token("t"))
            .channel("orders")
            .analytics_label("news_1")
    };
    assert_eq!(
        serde_json::to_value(to().notification("a", "b").build().unwrap()).unwrap(),
        serde_json::json!({
            "token": "t",
            "notification": {"title": "a", "body": "b"},
            "android": {"notification": {"channel_id": "orders"}},
            "fcm_options": {"analytics_label": "news_1"},
        })
    );
    assert_eq!(
        serde_json::to_value(to().data("order", "42").collapse_key("42").build().unwrap()).unwrap(),
        serde_json::json!({
            "token": "t",
            "data": {"order": "42"},
            "android": {"collapse_key": "42"},
            "fcm_options": {"analytics_label": "news_1"},
        })
    );
}

#[test]
fn what_android_is_told_counts_too() {
    let to = |body: usize| {
        MessageBuilder::new(Target::token("t"))
            .notification("", "x".repeat(body))
            .collapse_key("42")
            .channel("orders")
            .build()
    };
    let room = 4096 - "titlebody".len() - "tag42".len() - "channel_idorders".len();
    assert!(to(room).is_ok());
    assert_eq!(to(room + 1), Err(MessageError::TooLarge(4097)));
}

#[test]
fn refuses_what_fcm_would_refuse() {
    let to = || MessageBuilder::new(Target::token("t"));
    assert_eq!(
        MessageBuilder::new(Target::fid("")).build(),
        Err(MessageError::EmptyTarget)
    );
    assert_eq!(
        to().data("from", "x").build(),
        Err(MessageError::ReservedKey("from".into()))
    );
    assert_eq!(
        to().data("k", "x".repeat(4096)).build(),
        Err(MessageError::TooLarge(4097))
    );
    assert_eq!(
        to().analytics_label("two words").build(),
        Err(MessageError::Label)
    );
    assert_eq!(
        to().analytics_label("x".repeat(51)).build(),
        Err(MessageError::Label)
    );
    assert_eq!(
        to().ttl(LONGEST_TTL + Duration::from_secs(1)).build(),
        Err(MessageError::TtlTooLong)
    );
}
