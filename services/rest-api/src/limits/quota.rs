//! Quotas on the command line: `6000/60s`, or `off`.

use std::str::FromStr;

use cache::limits::Quota;
use chassis::args::period;

/// A quota, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub Option<Quota>);

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        let quota = text.split_once('/').and_then(|(requests, window)| {
            let requests: u32 = requests.parse().ok().filter(|requests| *requests > 0)?;
            let window = period(window).ok()?;
            Some(Quota { requests, window })
        });
        quota
            .map(|quota| Self(Some(quota)))
            .ok_or_else(|| "must be requests in a time such as 6000/60s, or off".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_limit_is_requests_in_a_time_or_off() {
        let quota = Quota {
            requests: 10,
            window: Duration::from_secs(60),
        };
        assert_eq!("10/1m".parse(), Ok(Limit(Some(quota))));
        assert_eq!("off".parse(), Ok(Limit(None)));
        for wrong in ["", "10", "0/1s", "-1/1s", "10/0s", "10/x", "on"] {
            assert!(wrong.parse::<Limit>().is_err(), "{wrong}");
        }
    }
}
