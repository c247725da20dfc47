//! A channel's address comes from a client: where it leads is checked before every use.

use url::Url;

const HOST: &str = "notify.windows.com";

/// The address, if it leads to WNS: https, port 443, no user information, a host equal to or below `notify.windows.com` after
/// IDNA (which parsing does).
///
/// # Errors
/// What is wrong with it, in words that go on after "the address".
pub(super) fn checked(uri: &str) -> Result<Url, &'static str> {
    let url = Url::parse(uri).map_err(|_| "can't be read")?;
    if url.scheme() != "https" {
        return Err("is not https");
    }
    if url.port_or_known_default() != Some(443) {
        return Err("has a port other than 443");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("carries user information");
    }
    match url.domain() {
        Some(host) if is_wns_host(host) => Ok(url),
        _ => Err("does not lead to WNS"),
    }
}

/// Whether `host` is `notify.windows.com` or below it.
pub fn is_wns_host(host: &str) -> bool {
    host == HOST
        || host
            .strip_suffix(HOST)
            .is_some_and(|below| below.len() > 1 && below.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_wns_pass() {
        assert!(checked("https://wns2-par02p.notify.windows.com/w/?token=BAMAAA%3d").is_ok());
        assert!(checked("https://notify.windows.com/?token=x").is_ok());
        assert!(checked("https://NOTIFY.windows.com:443/?token=x").is_ok());
        for bad in [
            "http://db5.notify.windows.com/?token=x",
            "https://db5.notify.windows.com:8443/?token=x",
            "https://me:secret@db5.notify.windows.com/",
            "https://me@db5.notify.windows.com/",
            "https://notify.windows.com.evil.example/",
            "https://evilnotify.windows.com/",
            "https://notify.windows.com@evil.example/",
            "https://evil.example/notify.windows.com",
            "https://evil.example\\@notify.windows.com/",
            "https://.notify.windows.com/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://notify。windows。com。evil.example/",
            "notify.windows.com",
            "",
        ] {
            assert!(checked(bad).is_err(), "{bad} passed");
        }
    }

    #[test]
    fn a_host_is_judged_after_idna() {
        let url = checked("https://db5.notify。windows。com/?token=x").unwrap();
        assert_eq!(url.host_str(), Some("db5.notify.windows.com"));
    }
}
