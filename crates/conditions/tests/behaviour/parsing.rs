//! What is no condition, and where it says so.

use conditions::Condition;

/// The place and the message of the refusal.
fn refused(text: &str) -> (usize, usize, usize, String) {
    match Condition::parse(text) {
        Ok(condition) => panic!("{text} was read as {condition}"),
        Err(error) => {
            let at = error.position;
            (at.line, at.column, at.offset, error.message)
        }
    }
}

#[test]
fn refusals_name_the_place_and_the_reason() {
    for (text, offset, reason) in [
        ("", 0, "ends where a value"),
        ("   ", 3, "ends where a value"),
        ("a =", 3, "ends where a value"),
        ("a = 1 AND", 9, "ends where a value"),
        ("a", 0, "this is a value, not a condition"),
        ("TRUE", 0, "this is a value, not a condition"),
        ("a = 1 AND b", 10, "this is a value, not a condition"),
        ("NOT a", 4, "this is a value, not a condition"),
        ("a = (b = c)", 5, "this is a condition, where a value"),
        ("a < b < c", 0, "this is a condition, where a value"),
        ("a = 1 IS NULL", 0, "this is a condition, where a value"),
        ("a = NOT b", 8, "this is a condition, where a value"),
        ("a = 1 b = 2", 6, "an operator is expected here, not `b`"),
        ("a = 'x' 'y'", 8, "an operator is expected here, not a text"),
        ("a == 1", 2, "an operator is expected here, not `==`"),
        ("a || b = 'x'", 2, "an operator is expected here"),
        ("a = 1; b", 5, "an operator is expected here"),
        ("a = ^", 4, "a value is expected here, not `^`"),
        ("a = @p", 4, "a value is expected here"),
        ("a = X'00'", 4, "a value is expected here"),
        ("a = 10L", 4, "a value is expected here"),
        ("a = AND", 4, "a value is expected here, not `AND`"),
        ("(a = 1", 0, "this parenthesis is not closed"),
        ("a = 1)", 5, "this parenthesis closes nothing"),
        ("(a = 1 OR (b = 2)", 0, "this parenthesis is not closed"),
        ("a = ()", 5, "a value is expected here, not `)`"),
        ("a IN ()", 6, "a value is expected here, not `)`"),
        ("a IN b", 5, "a list in parentheses is expected here"),
        ("a IN (1,)", 8, "a value is expected here, not `)`"),
        ("a IN (1, (2, 3))", 11, ") is expected here"),
        ("a = 1, b = 2", 5, "`,` can't stand here"),
        ("a BETWEEN 1 OR 2", 12, "AND is expected here, not `OR`"),
        ("a BETWEEN 1", 11, "ends where AND"),
        ("a = 'x' ESCAPE '!'", 8, "`ESCAPE` can't stand here"),
        ("a IS TRUE", 5, "NULL or NOT NULL is expected here, not `TRUE`"),
        ("a IS NOT", 8, "ends where NULL or NOT NULL"),
        ("a NOT NULL", 6, "IN, LIKE or BETWEEN is expected here"),
        ("a ILIKE 'x'", 2, "an operator is expected here, not `ILIKE`"),
        ("a = 'x' COLLATE y", 8, "an operator is expected here"),
        ("a.", 2, "ends where a property's name"),
        ("a.1 = 2", 1, "an operator is expected here"),
        ("a = 'x", 4, "Unterminated string literal"),
        ("a = \"x", 4, "Expected close delimiter"),
        ("a = 1 -- b", 6, "no comments"),
        ("a = 1 /* b */", 6, "no comments"),
        ("EXISTS a", 7, "one property in parentheses"),
        ("EXISTS(1)", 7, "one property in parentheses"),
        ("EXISTS(a, b)", 8, "a closing parenthesis"),
        ("EXISTS(a = 1)", 9, "a closing parenthesis"),
    ] {
        let (_, _, at, message) = refused(text);
        assert!(
            message.contains(reason) && at == offset,
            "{text}: {at}: {message}"
        );
    }
}

#[test]
fn the_rest_of_sql_is_refused() {
    for (text, offset) in [
        ("upper(a) = 'X'", 0),
        ("1 = newid()", 4),
        ("property('a') = 1", 0),
        ("a = 1 AND data.f(1) = 1", 10),
        ("CAST(a AS INT) = 1", 0),
        ("a::int = 1", 1),
        ("CASE WHEN a = 1 THEN 1 END = 1", 0),
        ("a = (SELECT 1)", 5),
        ("a IN (SELECT 1)", 6),
        ("EXISTS(SELECT 1)", 7),
        ("a = ANY(b)", 4),
        ("a > ALL (1)", 4),
        ("a IS DISTINCT FROM b", 5),
        ("a AT TIME ZONE 'UTC' = b", 2),
        ("DATE '2026-01-01' = a", 5),
        ("INTERVAL '1' DAY = a", 9),
        ("a SIMILAR TO 'x'", 2),
        ("a ~ 'x'", 2),
        ("a -> 'b' = 1", 2),
        ("a[1] = 1", 1),
        ("ARRAY[1] = a", 5),
        ("{a} = 1", 0),
        ("a XOR b", 2),
        ("a & 1 = 1", 2),
        ("a = ?", 4),
        ("a = $1", 4),
        ("a = `b`", 4),
        ("ROW(1) = a", 0),
    ] {
        let (_, _, at, message) = refused(text);
        assert_eq!(at, offset, "{text}: {message}");
    }
}

#[test]
fn lines_and_characters_are_counted() {
    assert_eq!(refused("ü = 'é'\n  AND b = = 1").0, 2);
    let (line, column, offset, _) = refused("ü = 'é'\n  AND b = = 1");
    assert_eq!((line, column, offset), (2, 11, 20));
    let error = Condition::parse("a = 1 AND\nfoo(b) = 2").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, column 1: functions can't be used in a condition"
    );
}

#[test]
fn the_normal_form() {
    for (text, normal) in [
        ("a=1", "a = 1"),
        ("A != 'It''s'", "a <> 'It''s'"),
        ("((a = 1) and ((b = 2) and c = 3))", "a = 1 AND b = 2 AND c = 3"),
        ("(a = 1 or b = 2) and c = 3", "(a = 1 OR b = 2) AND c = 3"),
        ("not (a = 1 and b = 2)", "NOT (a = 1 AND b = 2)"),
        ("not not a = 1", "NOT NOT a = 1"),
        ("a = (1 + b) * -(2 - c)", "a = (1 + b) * -(2 - c)"),
        ("a = 1 + (b * 2)", "a = 1 + b * 2"),
        ("a = 1 - (b - 2)", "a = 1 - (b - 2)"),
        ("a = - - b", "a = - -b"),
        ("a = +1.50", "a = 1.5"),
        ("a = 1E20", "a = 1e20"),
        ("[A b] = 1", "\"A b\" = 1"),
        ("[a]]\"] = 1", "\"a]\"\"\" = 1"),
        ("a not in(1,2)", "a NOT IN (1, 2)"),
        ("exists ( Data.x )", "EXISTS(data.x)"),
        ("a not like 'x!%' escape '!'", "a NOT LIKE 'x!%' ESCAPE '!'"),
        ("a not between 1 and 2", "a NOT BETWEEN 1 AND 2"),
        ("a is not null", "a IS NOT NULL"),
        ("ÜBER = true", "ÜbER = TRUE"),
    ] {
        let condition = Condition::parse(text).unwrap();
        assert_eq!(condition.to_string(), normal.replace("ÜbER", "Über"), "{text}");
        assert_eq!(Condition::parse(&condition.to_string()).unwrap(), condition);
    }
}

#[test]
fn json_holds_the_text() {
    let condition: Condition = serde_json::from_str("\"a=1 AND b='x'\"").unwrap();
    assert_eq!(
        serde_json::to_string(&condition).unwrap(),
        "\"a = 1 AND b = 'x'\""
    );
    let error = serde_json::from_str::<Condition>("\"a = \"").unwrap_err();
    assert!(error.to_string().contains("line 1, column 5"), "{error}");
}
