//! Amounts as people of a language write them.

use domain::Money;

use crate::Language;

/// `€1,250.50` in English, `1.250,50 €` in German; the code where a currency has no sign of its own.
pub fn amount(money: Money, language: Language) -> String {
    let (group, point) = match language {
        Language::English => (',', '.'),
        Language::German => ('.', ','),
    };
    let digits = money.currency.minor_digits();
    let (unit, minor) = (10_u64.pow(digits), money.minor.unsigned_abs());
    let mut number = grouped(minor / unit, group);
    if digits > 0 {
        number.push_str(&format!(
            "{point}{:0width$}",
            minor % unit,
            width = digits as usize
        ));
    }
    let minus = if money.minor < 0 { "-" } else { "" };
    let sign = match money.currency.as_str() {
        "EUR" => "€",
        "GBP" => "£",
        "USD" => "$",
        code => return format!("{minus}{number} {code}"),
    };
    match language {
        Language::English => format!("{minus}{sign}{number}"),
        Language::German => format!("{minus}{number} {sign}"),
    }
}

fn grouped(whole: u64, separator: char) -> String {
    let plain = whole.to_string();
    let mut text = String::with_capacity(plain.len() + plain.len() / 3);
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(minor: i64, currency: &str, language: Language) -> String {
        amount(Money::new(minor, currency.parse().unwrap()), language)
    }

    #[test]
    fn amounts_are_written_with_the_signs_of_their_language() {
        assert_eq!(written(125_050, "EUR", Language::English), "€1,250.50");
        assert_eq!(written(125_050, "EUR", Language::German), "1.250,50 €");
        assert_eq!(written(5, "USD", Language::English), "$0.05");
        assert_eq!(written(-1_999, "GBP", Language::German), "-19,99 £");
    }

    #[test]
    fn a_currency_without_a_sign_of_its_own_is_named_by_its_code() {
        assert_eq!(written(1_234_567, "JPY", Language::English), "1,234,567 JPY");
        assert_eq!(written(1_500, "KWD", Language::German), "1,500 KWD");
    }
}
