//! A browser's subscription, as `PushSubscription.toJSON` of the Push API gives it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::FieldError;
use p256::PublicKey;
use serde::Deserialize;
use storage::Channel;
use url::{Host, Url};

use crate::channel::{require, shape, wrong};

/// An uncompressed point of P-256.
const POINT_BYTES: usize = 65;
const AUTH_BYTES: usize = 16;
const ENDPOINT_LIMIT_BYTES: usize = 2_048;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subscription {
    endpoint: String,
    /// When it ends. Browsers say nothing here, and a push service says it when it has ended.
    #[serde(default, rename = "expirationTime")]
    _expiration_time: Option<f64>,
    keys: Keys,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    p256dh: String,
    auth: String,
}

/// The channel that `value` is.
pub(super) fn parse(value: serde_json::Value) -> Result<Channel, FieldError> {
    let Subscription { endpoint, keys, .. } = shape(value)?;
    let words = "must be an https address with a host by name, without port or user";
    let endpoint = self::endpoint(&endpoint).ok_or_else(|| wrong("/endpoint", words))?;
    require(
        is_public_key(&keys.p256dh),
        "/keys/p256dh",
        "must be an uncompressed point of P-256, 65 bytes in base64url",
    )?;
    require(
        bytes(&keys.auth).is_some_and(|auth| auth.len() == AUTH_BYTES),
        "/keys/auth",
        "must be 16 bytes in base64url",
    )?;
    Ok(Channel::WebPush {
        endpoint,
        p256dh: keys.p256dh,
        auth: keys.auth,
    })
}

/// Whether `text` is an uncompressed point of P-256 in base64url.
pub fn is_public_key(text: &str) -> bool {
    bytes(text).is_some_and(|point| point.len() == POINT_BYTES && PublicKey::from_sec1_bytes(&point).is_ok())
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The endpoint in its normal form, where it may be a push service's: https, port 443, no user, a host by name. Which addresses that
/// name has is checked by who connects to it.
fn endpoint(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let Some(Host::Domain(host)) = url.host() else {
        return None;
    };
    let named = host.trim_end_matches('.').contains('.');
    let plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    let fits = text.len() <= ENDPOINT_LIMIT_BYTES && url.as_str().len() <= ENDPOINT_LIMIT_BYTES;
    (fits && url.scheme() == "https" && plain && named).then(|| url.into())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The browser of RFC 8291, section 5.
    fn subscription() -> Value {
        json!({
            "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
            "expirationTime": null,
            "keys": {
                "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
                "auth": "BTBZMqHH6r4Tts7J_aSIgg",
            },
        })
    }

    fn refused(pointer: &str, value: Value) -> FieldError {
        let mut subscription = subscription();
        *subscription.pointer_mut(pointer).unwrap() = value;
        parse(subscription).unwrap_err()
    }

    #[test]
    fn a_subscription_is_taken_as_a_browser_gives_it() {
        assert!(
            matches!(parse(subscription()).unwrap(), Channel::WebPush { auth, .. } if auth == "BTBZMqHH6r4Tts7J_aSIgg")
        );
        let mut bare = subscription();
        bare.as_object_mut().unwrap().remove("expirationTime");
        assert!(parse(bare).is_ok());
        let mut ending = subscription();
        ending["expirationTime"] = json!(1_800_000_000_000_u64);
        assert!(parse(ending).is_ok());
    }

    #[test]
    fn an_endpoint_leads_to_a_host_by_name() {
        for bad in [
            "http://push.example.org/x",
            "https://push.example.org:8443/x",
            "https://me@push.example.org/",
            "https://localhost/",
            "https://localhost./",
            "https://postgres/",
            "https://10.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://127。0。0。1/",
            "https://[::1]/",
            "https://8.8.8.8/",
            "push.example.org",
            "",
        ] {
            assert_eq!(
                refused("/endpoint", json!(bad)).pointer,
                "/channel/endpoint",
                "{bad}"
            );
        }
        let long = format!("https://push.example.org/{}", "x".repeat(ENDPOINT_LIMIT_BYTES));
        assert_eq!(refused("/endpoint", json!(long)).pointer, "/channel/endpoint");
        assert_eq!(
            endpoint("https:\\\\PUSH.example.org:443/\u{0}x").as_deref(),
            Some("https://push.example.org/%00x"),
            "kept as it was checked"
        );
    }

    #[test]
    fn keys_are_what_a_message_can_be_encrypted_with() {
        let point = URL_SAFE_NO_PAD
            .decode(subscription()["keys"]["p256dh"].as_str().unwrap())
            .unwrap();
        let mut off_the_curve = point.clone();
        off_the_curve[64] ^= 1;
        let mut compressed = point[..33].to_vec();
        compressed[0] = 2;
        for bad in [&off_the_curve[..], &compressed, &point[..64], &[0], &[4; 65]] {
            let error = refused("/keys/p256dh", json!(URL_SAFE_NO_PAD.encode(bad)));
            assert_eq!(error.pointer, "/channel/keys/p256dh");
        }
        for bad in [
            "",
            "BTBZMqHH6r4Tts7J_aSI",
            "BTBZMqHH6r4Tts7J_aSIgg==",
            "BTBZMqHH6r4Tts7J/aSIgg",
        ] {
            assert_eq!(
                refused("/keys/auth", json!(bad)).pointer,
                "/channel/keys/auth",
                "{bad}"
            );
        }
        assert_eq!(refused("/keys", json!({"auth": "x"})).pointer, "/channel/keys");
    }
}
