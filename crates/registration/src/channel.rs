//! Where a device is reached. An address from a client is an attack surface: only a provider's own is taken.

use domain::FieldError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use storage::{Channel, Platform};
use url::{Host, Url};

use crate::json::{self as reading, Unreadable};
use crate::subscription;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Apns {
    token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fcm {
    kind: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wns {
    uri: String,
}

/// The channel that `value` is for `platform`.
pub(super) fn parse(platform: Platform, value: serde_json::Value) -> Result<Channel, FieldError> {
    match platform {
        Platform::Apns => {
            let Apns { token } = shape(value)?;
            let hex = token.bytes().all(|b| b.is_ascii_hexdigit());
            require(
                hex && (64..=200).contains(&token.len()),
                "/token",
                "must be 64 to 200 hexadecimal digits",
            )?;
            Ok(Channel::Apns { token })
        }
        Platform::Fcm => {
            let Fcm { kind, value } = shape(value)?;
            require(
                ["token", "fid"].contains(&kind.as_str()),
                "/kind",
                "must be token or fid",
            )?;
            let visible = value.bytes().all(|b| b.is_ascii_graphic());
            require(
                visible && (10..=4096).contains(&value.len()),
                "/value",
                "must be 10 to 4,096 visible ASCII characters",
            )?;
            Ok(Channel::Fcm { kind, value })
        }
        Platform::Wns => {
            let Wns { uri } = shape(value)?;
            let words = "must be an https address at notify.windows.com, without port or user";
            let uri = wns(&uri).ok_or_else(|| wrong("/uri", words))?;
            Ok(Channel::Wns { uri })
        }
        Platform::WebPush => subscription::parse(value),
        Platform::Email => Err(FieldError {
            pointer: "/platform".into(),
            detail: "must be apns, fcm, wns or webpush".into(),
        }),
    }
}

/// The channel as it was registered.
pub fn shown(channel: &Channel) -> serde_json::Value {
    match channel {
        Channel::WebPush {
            endpoint,
            p256dh,
            auth,
        } => json!({ "endpoint": endpoint, "keys": { "p256dh": p256dh, "auth": auth } }),
        other => json!(other),
    }
}

pub(super) fn shape<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, FieldError> {
    if !value.is_object() {
        return Err(wrong("", "must be a JSON object"));
    }
    reading::fields(value).map_err(|error| match error {
        Unreadable::Field(error) => wrong(&error.pointer, &error.detail),
        Unreadable::Json(pointer, error) => wrong(&pointer, &error.to_string()),
    })
}

pub(super) fn require(holds: bool, pointer: &str, detail: &str) -> Result<(), FieldError> {
    if holds {
        return Ok(());
    }
    Err(wrong(pointer, detail))
}

pub(super) fn wrong(pointer: &str, detail: &str) -> FieldError {
    FieldError {
        pointer: format!("/channel{pointer}"),
        detail: detail.into(),
    }
}

/// The address in its normal form, where it is one that Microsoft gives out: https, port 443, no user, host equal to or below
/// notify.windows.com. What is kept is what was checked, not what was sent: readers of addresses differ on spaces, tabs and backslashes.
fn wns(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    let Some(Host::Domain(host)) = url.host() else {
        return None;
    };
    let at_home = host == "notify.windows.com" || host.ends_with(".notify.windows.com");
    let plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    let fits = uri.len() <= 2048 && url.as_str().len() <= 2048;
    (fits && url.scheme() == "https" && plain && at_home).then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_microsoft_are_taken() {
        for good in [
            "https://notify.windows.com/x",
            "https://db5.NOTIFY.windows.com/?token=a",
            "https://db5.notify.windows.com:443/?token=a",
        ] {
            assert!(wns(good).is_some(), "{good}");
        }
        for bad in [
            "http://db5.notify.windows.com/",
            "https://db5.notify.windows.com:444/",
            "https://user@db5.notify.windows.com/",
            "https://notify.windows.com.evil.example/",
            "https://evilnotify.windows.com/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://notify.windows.com@evil.example/",
            "https://evil.example/#.notify.windows.com",
            "file:///notify.windows.com",
            "",
        ] {
            assert_eq!(wns(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_address_is_kept_as_it_was_checked() {
        assert_eq!(
            wns("https:\\\\DB5.notify.win\tdows.com:443/?token=\u{0}a b").as_deref(),
            Some("https://db5.notify.windows.com/?token=%00a%20b")
        );
    }

    #[test]
    fn a_token_of_apple_is_hexadecimal() {
        let channel = |token: String| parse(Platform::Apns, serde_json::json!({ "token": token }));
        assert!(channel("0aF9".repeat(16)).is_ok());
        assert_eq!(channel("../x".repeat(16)).unwrap_err().pointer, "/channel/token");
        assert!(channel("00".into()).is_err());
    }

    #[test]
    fn a_channel_of_another_platform_is_refused() {
        let error = parse(Platform::Fcm, serde_json::json!({ "token": "00" })).unwrap_err();
        assert!(error.detail.contains("token"), "{}", error.detail);
        for wrong in [
            serde_json::json!([]),
            serde_json::json!("x"),
            serde_json::json!(["0"]),
        ] {
            assert_eq!(parse(Platform::Apns, wrong).unwrap_err().pointer, "/channel");
        }
        let number = parse(Platform::Apns, serde_json::json!({ "token": 1 })).unwrap_err();
        assert_eq!(number.pointer, "/channel/token");
    }
}
