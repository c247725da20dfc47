//! Amounts as people write them.

use anyhow::{Context, bail};
use domain::{Currency, Money};

/// Reads `12.50` as an amount of `currency`; exactly, never through a float.
pub(crate) fn read(text: &str, currency: Currency) -> anyhow::Result<Money> {
    let digits = currency.minor_digits() as usize;
    let how = || {
        format!(
            "`{text}` is no amount of {0}; write it like {1}",
            currency.as_str(),
            example(digits)
        )
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !only_digits(whole) || !only_digits(fraction) || fraction.len() > digits {
        bail!(how());
    }
    let minor = format!("{whole}{fraction:0<digits$}").parse().with_context(how)?;
    Ok(Money::new(minor, currency))
}

fn example(digits: usize) -> String {
    if digits == 0 {
        "12".to_owned()
    } else {
        format!("12.{:5<digits$}", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minor(text: &str, currency: &str) -> Option<i64> {
        read(text, currency.parse().unwrap())
            .ok()
            .map(|money| money.minor)
    }

    #[test]
    fn amounts_are_read_exactly() {
        assert_eq!(minor("12.50", "EUR"), Some(1250));
        assert_eq!(minor("12.5", "EUR"), Some(1250));
        assert_eq!(minor("12", "EUR"), Some(1200));
        assert_eq!(minor("0.07", "EUR"), Some(7));
        assert_eq!(minor("1200", "JPY"), Some(1200));
        assert_eq!(minor("1.234", "KWD"), Some(1234));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ".5", "-1", "1,5", "1.234", "1e3", "99999999999999999999"] {
            assert_eq!(minor(text, "EUR"), None, "{text}");
        }
        assert_eq!(minor("1.5", "JPY"), None);
        let words = read("1,5", "EUR".parse().unwrap()).unwrap_err().to_string();
        assert_eq!(words, "`1,5` is no amount of EUR; write it like 12.55");
    }
}
