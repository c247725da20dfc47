//! A subscription's endpoint comes from a client: where it leads is checked before every use.

use url::{Host, Url};

/// Longer ones are none of a browser's.
const LIMIT_BYTES: usize = 2_048;

/// The endpoint, if it may be a push service's: https, port 443, no user information, a host by name. Which addresses that name has is
/// checked where it is looked up.
///
/// # Errors
/// What is wrong with it, in words that go on after "the endpoint".
pub(super) fn checked(endpoint: &str) -> Result<Url, &'static str> {
    if endpoint.len() > LIMIT_BYTES {
        return Err("is too long");
    }
    let url = Url::parse(endpoint).map_err(|_| "can't be read")?;
    if url.scheme() != "https" {
        return Err("is not https");
    }
    if url.port().is_some() {
        return Err("has a port other than 443");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("carries user information");
    }
    match url.host() {
        Some(Host::Domain(host)) if host.trim_end_matches('.').contains('.') => Ok(url),
        Some(Host::Domain(_)) => Err("has a host without a domain"),
        _ => Err("names its host by number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_a_push_service_passes() {
        for good in [
            "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
            "https://fcm.googleapis.com:443/fcm/send/c1KrmpTuRm4:APA91b",
            "https://web.push.apple.com/QGmP",
        ] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("http://push.example.org/x", "is not https"),
            ("https://push.example.org:8443/x", "has a port other than 443"),
            ("https://me@push.example.org/", "carries user information"),
            ("https://me:secret@push.example.org/", "carries user information"),
            ("https://localhost/", "has a host without a domain"),
            ("https://localhost./", "has a host without a domain"),
            ("https://postgres/", "has a host without a domain"),
            ("https://127.0.0.1/", "names its host by number"),
            ("https://2130706433/", "names its host by number"),
            ("https://0x7f.1/", "names its host by number"),
            ("https://127。0。0。1/", "names its host by number"),
            ("https://[::1]/", "names its host by number"),
            ("https://[::ffff:10.0.0.1]/", "names its host by number"),
            ("https://93.184.216.34/", "names its host by number"),
            ("file:///etc/passwd", "is not https"),
            ("push.example.org", "can't be read"),
            ("", "can't be read"),
        ] {
            assert_eq!(checked(bad).err(), Some(why), "{bad}");
        }
        let long = format!("https://push.example.org/{}", "x".repeat(LIMIT_BYTES));
        assert_eq!(checked(&long).err(), Some("is too long"));
    }
}
