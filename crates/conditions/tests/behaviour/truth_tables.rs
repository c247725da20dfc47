//! Three-valued logic, cell by cell.

use crate::plain;

const T: Option<bool> = Some(true);
const F: Option<bool> = Some(false);
const U: Option<bool> = None;

/// A condition of each outcome.
fn written(outcome: Option<bool>) -> &'static str {
    match outcome {
        T => "1 = 1",
        F => "1 = 2",
        U => "1 = NULL",
    }
}

#[test]
fn the_conditions_of_the_tables_are_what_they_say() {
    for outcome in [T, F, U] {
        assert_eq!(plain(written(outcome)), outcome);
    }
}

#[test]
fn and() {
    let table = [
        (T, T, T),
        (T, F, F),
        (T, U, U),
        (F, T, F),
        (F, F, F),
        (F, U, F),
        (U, T, U),
        (U, F, F),
        (U, U, U),
    ];
    for (left, right, outcome) in table {
        let text = format!("{} AND {}", written(left), written(right));
        assert_eq!(plain(&text), outcome, "{text}");
    }
}

#[test]
fn or() {
    let table = [
        (T, T, T),
        (T, F, T),
        (T, U, T),
        (F, T, T),
        (F, F, F),
        (F, U, U),
        (U, T, T),
        (U, F, U),
        (U, U, U),
    ];
    for (left, right, outcome) in table {
        let text = format!("{} OR {}", written(left), written(right));
        assert_eq!(plain(&text), outcome, "{text}");
    }
}

#[test]
fn not() {
    for (inner, outcome) in [(T, F), (F, T), (U, U)] {
        let text = format!("NOT {}", written(inner));
        assert_eq!(plain(&text), outcome, "{text}");
    }
}

#[test]
fn comparisons() {
    let table = [
        ("=", [F, T, F]),
        ("<>", [T, F, T]),
        ("!=", [T, F, T]),
        ("<", [T, F, F]),
        ("<=", [T, T, F]),
        (">", [F, F, T]),
        (">=", [F, T, T]),
    ];
    for (operator, outcomes) in table {
        for (left, outcome) in [1, 2, 3].into_iter().zip(outcomes) {
            let text = format!("{left} {operator} 2");
            assert_eq!(plain(&text), outcome, "{text}");
        }
        for text in [
            format!("NULL {operator} 2"),
            format!("2 {operator} NULL"),
            format!("NULL {operator} NULL"),
            format!("absent {operator} 2"),
            format!("'2' {operator} 2"),
            format!("TRUE {operator} 1"),
        ] {
            assert_eq!(plain(&text), U, "{text}");
        }
    }
}

#[test]
fn in_a_list() {
    let table = [
        ("1 IN (1, 2)", T),
        ("3 IN (1, 2)", F),
        ("1 IN (1, NULL)", T),
        ("3 IN (1, NULL)", U),
        ("NULL IN (1, 2)", U),
        ("1 IN ('1')", U),
        ("1 NOT IN (1, 2)", F),
        ("3 NOT IN (1, 2)", T),
        ("1 NOT IN (1, NULL)", F),
        ("3 NOT IN (1, NULL)", U),
        ("NULL NOT IN (1, 2)", U),
    ];
    for (text, outcome) in table {
        assert_eq!(plain(text), outcome, "{text}");
    }
}

#[test]
fn between() {
    let table = [
        ("1 BETWEEN 1 AND 3", T),
        ("3 BETWEEN 1 AND 3", T),
        ("4 BETWEEN 1 AND 3", F),
        ("2 BETWEEN 3 AND 1", F),
        ("2 BETWEEN NULL AND 3", U),
        ("4 BETWEEN NULL AND 3", F),
        ("2 BETWEEN 1 AND NULL", U),
        ("0 BETWEEN 1 AND NULL", F),
        ("NULL BETWEEN 1 AND 3", U),
        ("2 NOT BETWEEN 1 AND 3", F),
        ("4 NOT BETWEEN 1 AND 3", T),
        ("4 NOT BETWEEN NULL AND 3", T),
        ("2 NOT BETWEEN NULL AND 3", U),
        ("'b' BETWEEN 'a' AND 'c'", T),
    ];
    for (text, outcome) in table {
        assert_eq!(plain(text), outcome, "{text}");
    }
}

#[test]
fn like() {
    let table = [
        ("'tea' LIKE 't%'", T),
        ("'tea' LIKE 'c%'", F),
        ("NULL LIKE 't%'", U),
        ("1 LIKE '1'", U),
        ("'tea' NOT LIKE 't%'", F),
        ("'tea' NOT LIKE 'c%'", T),
        ("NULL NOT LIKE 't%'", U),
        ("1 NOT LIKE '1'", U),
    ];
    for (text, outcome) in table {
        assert_eq!(plain(text), outcome, "{text}");
    }
}

#[test]
fn is_null_is_never_unknown() {
    let table = [
        ("NULL IS NULL", T),
        ("1 IS NULL", F),
        ("NULL IS NOT NULL", F),
        ("1 IS NOT NULL", T),
        ("absent IS NULL", T),
        ("1 + absent IS NULL", T),
        ("1 / 0 IS NULL", T),
    ];
    for (text, outcome) in table {
        assert_eq!(plain(text), outcome, "{text}");
    }
}
