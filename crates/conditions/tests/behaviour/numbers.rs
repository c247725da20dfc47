//! Numbers: exact comparison, arithmetic that never panics.

use std::cmp::Ordering;

use conditions::{Condition, Value};
use proptest::prelude::*;
use serde_json::json;

use crate::{ask, plain};

#[test]
fn arithmetic() {
    for text in [
        "1 + 2 = 3",
        "1 - 2 = -1",
        "3 * 4 = 12",
        "7 / 2 = 3",
        "-7 / 2 = -3",
        "7 % 3 = 1",
        "-7 % 3 = -1",
        "7 / 2.0 = 3.5",
        "7.5 % 2 = 1.5",
        "1.5 + 1 = 2.5",
        "-(1 + 2) = -3",
        "- -5 = 5",
        "-(-5) = 5",
        "+5 = 5",
        "1e3 = 1000",
        ".5 = 0.5",
        "1. = 1",
        "-0.0 = 0",
        "-9223372036854775808 < 0",
        "9223372036854775807 > 0",
    ] {
        assert_eq!(plain(text), Some(true), "{text}");
    }
}

#[test]
fn what_can_not_be_reckoned_is_unknown() {
    for text in [
        "1 / 0 = 1",
        "1 % 0 = 1",
        "1.0 / 0 = 1",
        "1 % 0.0 = 1",
        "0.0 / 0.0 = 1",
        "9223372036854775807 + 1 > 0",
        "-9223372036854775808 - 1 < 0",
        "9223372036854775807 * 2 > 0",
        "-9223372036854775808 / -1 > 0",
        "-9223372036854775808 % -1 = 0",
        "-(-9223372036854775808) > 0",
        "1e308 * 10 > 0",
        "-1e308 * 10 < 0",
        "'a' + 'b' = 'ab'",
        "'1' + 1 = 2",
        "-'1' = -1",
        "+'1' = '1'",
        "TRUE + 1 = 2",
        "-NULL = 1",
        "NULL + 1 = 1",
    ] {
        assert_eq!(plain(text), None, "{text}");
    }
}

#[test]
fn a_number_out_of_range_is_refused() {
    for (text, at) in [
        ("a = 9223372036854775808", 4),
        ("a = -9223372036854775809", 5),
        ("a = 1e309", 4),
        ("a = -1e309", 5),
    ] {
        assert_eq!(Condition::parse(text).unwrap_err().position.offset, at, "{text}");
    }
}

#[test]
fn integers_and_decimals_compare_without_rounding() {
    // 2^53 + 1 has no double of its own.
    assert_eq!(plain("9007199254740993 = 9007199254740992.0"), Some(false));
    assert_eq!(plain("9007199254740993 > 9007199254740992.0"), Some(true));
    assert_eq!(plain("9223372036854775807 < 9223372036854775808.0"), Some(true));
    assert_eq!(plain("-9223372036854775808 = -9223372036854775808.0"), Some(true));
    assert_eq!(plain("-9223372036854775808 > -1e19"), Some(true));
    assert_eq!(plain("-1 > -1.5"), Some(true));
    assert_eq!(
        ask("n > 9223372036854775807", &json!({ "n": u64::MAX })),
        Some(true)
    );
}

fn decimals() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("finite", |value| value.is_finite()),
        any::<i64>().prop_map(|value| value as f64),
        any::<i32>().prop_map(|value| f64::from(value) / 4.0),
    ]
}

/// The order by way of numbers wide enough for both.
fn wide(integer: i64, decimal: f64) -> Ordering {
    if decimal.abs() > 1e30 {
        return if decimal > 0.0 {
            Ordering::Less
        } else {
            Ordering::Greater
        };
    }
    i128::from(integer)
        .cmp(&(decimal.floor() as i128))
        .then(if decimal.floor() == decimal {
            Ordering::Equal
        } else {
            Ordering::Less
        })
}

proptest! {
    #[test]
    fn the_order_of_an_integer_and_a_decimal_is_exact(integer: i64, decimal in decimals(), near in -2_i64..=2) {
        let close = (decimal as i64).saturating_add(near);
        for integer in [integer, close] {
            let event = json!({ "i": integer, "d": decimal });
            let order = wide(integer, decimal);
            prop_assert_eq!(ask("i < d", &event), Some(order.is_lt()));
            prop_assert_eq!(ask("i = d", &event), Some(order.is_eq()));
            prop_assert_eq!(ask("d < i", &event), Some(order.is_gt()));
        }
    }

    #[test]
    fn keys_are_equal_where_values_are(integer: i64, decimal in decimals(), near in -2_i64..=2) {
        let close = (decimal as i64).saturating_add(near);
        for integer in [integer, close] {
            let event = json!({ "i": integer, "d": decimal });
            let equal = Value::from(integer).key() == Value::from(decimal).key();
            prop_assert_eq!(ask("i = d", &event), Some(equal));
        }
    }

    #[test]
    fn integer_arithmetic_is_exact_or_unknown(left: i64, right in prop_oneof![any::<i64>(), -3_i64..=3]) {
        let event = json!({ "l": left, "r": right });
        let (wide_left, wide_right) = (i128::from(left), i128::from(right));
        for (operator, result) in [
            ("+", Some(wide_left + wide_right)),
            ("-", Some(wide_left - wide_right)),
            ("*", Some(wide_left * wide_right)),
            ("/", (right != 0).then(|| wide_left / wide_right)),
        ] {
            let expected = result.and_then(|result| i64::try_from(result).ok());
            let text = match expected {
                Some(number) => format!("l {operator} r = {number}"),
                None => format!("l {operator} r IS NULL"),
            };
            prop_assert_eq!(ask(&text, &event), Some(true), "{}", text);
        }
    }
}
