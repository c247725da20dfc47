//! Tags, and expressions over them.

use domain::tags::{MAX_CLAUSES, MAX_DEPTH, MAX_TERMS, TooComplex, own_tags};
use domain::{Tag, TagExpression};
use proptest::prelude::*;

fn refused(text: &str) -> String {
    TagExpression::parse(text).unwrap_err().to_string()
}

fn read(text: &str) -> TagExpression {
    text.parse().unwrap()
}

#[test]
fn a_tag_has_the_characters_of_one() {
    for good in ["a", "follows:sku-1", "news@10:00", "c#.net_x", &"x".repeat(120)] {
        assert_eq!(good.parse::<Tag>().unwrap().as_str(), good);
    }
    for bad in [
        "",
        "a b",
        "ä",
        "a,b",
        "a/b",
        "a&b",
        "a!",
        "*",
        "a\n",
        &"x".repeat(121),
    ] {
        assert!(bad.parse::<Tag>().is_err(), "{bad}");
    }
}

#[test]
fn the_tags_of_a_client_are_few_and_its_own() {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let tags = own_tags(texts(&["b", "a", "b", "platforms:all", "Account:1"])).unwrap();
    let tags: Vec<_> = tags.iter().map(Tag::as_str).collect();
    assert_eq!(tags, ["Account:1", "a", "b", "platforms:all"]);

    let errors = own_tags(texts(&[
        "a",
        "",
        "account:1",
        "b c",
        "guest:1",
        "platform:",
        "locale:de",
        "app:x",
    ]));
    let errors: Vec<_> = errors
        .unwrap_err()
        .into_iter()
        .map(|error| error.pointer)
        .collect();
    let wrong = [
        "/tags/1", "/tags/2", "/tags/3", "/tags/4", "/tags/5", "/tags/6", "/tags/7",
    ];
    assert_eq!(errors, wrong);

    let many = |count: usize| own_tags((0..count).map(|n| format!("t{n}")).collect());
    assert_eq!(many(60).unwrap().len(), 60);
    let errors = many(61).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(
        (errors[0].pointer.as_str(), errors[0].detail.as_str()),
        ("/tags", "must have at most 60 tags")
    );
}

#[test]
fn not_binds_more_than_and_and_that_more_than_or() {
    for (text, shown) in [
        ("a||b&&c", "a || b && c"),
        ("(a||b)&&c", "(a || b) && c"),
        ("!a&&b", "!a && b"),
        ("!(a&&b)", "!(a && b)"),
        ("((a))", "a"),
        ("a && (b && c) || (d || e)", "a && b && c || d || e"),
        ("!!a", "!!a"),
        (
            "\t(follows:sku-1 && !country:de)\n|| staff",
            "follows:sku-1 && !country:de || staff",
        ),
        ("", "*"),
        (" * ", "*"),
    ] {
        assert_eq!(read(text).to_string(), shown);
    }
    let expression = read("a || b && !c");
    for (tags, meant) in [
        (&["a", "c"][..], true),
        (&["b"], true),
        (&["b", "c"], false),
        (&[], false),
        (&["A"], false),
    ] {
        assert_eq!(expression.matches(tags), meant, "{tags:?}");
    }
    assert!(read("*").matches::<&str>(&[]) && read("").matches::<&str>(&[]));
}

#[test]
fn what_is_no_expression_is_said_with_its_place() {
    for (text, error) in [
        ("(a && b) || ()", "column 14: expected a tag or (, found `)`"),
        ("a &&", "column 5: expected a tag or (, found the end"),
        ("a && && b", "column 6: expected a tag or (, found `&&`"),
        ("|| a", "column 1: expected a tag or (, found `||`"),
        ("a b", "column 3: expected && or ||, found `b`"),
        ("a !b", "column 3: expected && or ||, found `!`"),
        ("a)", "column 2: expected && or ||, found `)`"),
        (
            "a && (b || (c",
            "column 14: expected &&, || or the ) of column 12, found the end",
        ),
        (
            "(a b)",
            "column 4: expected &&, || or the ) of column 1, found `b`",
        ),
        ("a & b", "column 3: `&` is written `&&`"),
        ("a |", "column 3: `|` is written `||`"),
        ("a &&& b", "column 5: `&` is written `&&`"),
        ("a && *", "column 6: `*` stands alone: it means every device"),
        ("()", "column 2: expected a tag or (, found `)`"),
        ("!", "column 2: expected a tag or (, found the end"),
        (
            "a && \u{fc}\u{fc}",
            "column 6: '\u{fc}' can stand in no tag, which has letters, digits and _ @ # . : -",
        ),
        (
            "a\u{2003}&&\u{2003}, b",
            "column 6: ',' can stand in no tag, which has letters, digits and _ @ # . : -",
        ),
    ] {
        assert_eq!(refused(text), error, "{text}");
    }
    assert_eq!(
        refused(&format!("a || {}", "b".repeat(121))),
        "column 6: a tag must have at most 120 characters"
    );
}

#[test]
fn an_expression_has_bounds() {
    let terms = |count: usize| vec!["a"; count].join("||");
    assert!(TagExpression::parse(&terms(MAX_TERMS)).is_ok());
    assert_eq!(
        refused(&terms(MAX_TERMS + 1)),
        "column 181: an expression names at most 60 tags"
    );

    let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(TagExpression::parse(&deep(MAX_DEPTH)).is_ok());
    assert_eq!(
        refused(&deep(MAX_DEPTH + 1)),
        "column 33: at most 32 ( and ! stand within each other"
    );
    assert_eq!(
        refused(&"!".repeat(2_000)),
        "column 33: at most 32 ( and ! stand within each other"
    );

    let long = |length: usize| format!("a{}", " ".repeat(length - 1));
    assert!(TagExpression::parse(&long(2_000)).is_ok());
    assert_eq!(
        refused(&long(2_001)),
        "column 2001: an expression has at most 2,000 characters"
    );
}

#[test]
fn clauses_are_the_least_that_say_the_same() {
    let clauses = |text: &str| {
        let clauses = read(text).clauses().unwrap();
        serde_json::to_string(&clauses).unwrap()
    };
    assert_eq!(clauses("*"), r#"[{"all":[],"none":[]}]"#);
    assert_eq!(clauses("b && a"), r#"[{"all":["a","b"],"none":[]}]"#);
    assert_eq!(
        clauses("(follows:sku-1 && !country:de) || staff"),
        r#"[{"all":["follows:sku-1"],"none":["country:de"]},{"all":["staff"],"none":[]}]"#
    );
    assert_eq!(clauses("!(a || b)"), r#"[{"all":[],"none":["a","b"]}]"#);
    assert_eq!(
        clauses("!(a && !b)"),
        r#"[{"all":[],"none":["a"]},{"all":["b"],"none":[]}]"#
    );
    assert_eq!(clauses("a && !a"), "[]", "nobody");
    assert_eq!(clauses("a || a && b"), r#"[{"all":["a"],"none":[]}]"#);
    assert_eq!(clauses("(a || b) && (!a || c)").matches("all").count(), 3);
}

#[test]
fn an_expression_that_takes_too_many_clauses_is_refused_at_once() {
    let pairs = |count: usize| {
        let pairs: Vec<_> = (0..count).map(|n| format!("(a{n} || b{n})")).collect();
        read(&pairs.join(" && ")).clauses()
    };
    assert_eq!(pairs(8).unwrap().len(), MAX_CLAUSES);
    assert_eq!(pairs(9), Err(TooComplex));
    assert_eq!(pairs(30), Err(TooComplex));
    let triples: Vec<_> = (0..20).map(|n| format!("(a{n} || b{n} || c{n})")).collect();
    let error = read(&triples.join(" && ")).clauses().unwrap_err();
    assert!(error.to_string().contains("256"), "{error}");
}

const TAGS: [&str; 7] = ["a", "b:1", "c-2", "d", "e", "f", "platform:apns"];

/// Texts of expressions, with more parentheses and spaces than they need.
fn expressions() -> impl Strategy<Value = String> {
    let tag = prop::sample::select(TAGS.to_vec()).prop_map(str::to_owned);
    tag.prop_recursive(6, 40, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            inner.prop_map(|part| format!("!({part})")),
            list.clone().prop_map(|parts| format!("({})", parts.join("&&"))),
            list.prop_map(|parts| format!("( {} )", parts.join(" || "))),
        ]
    })
}

/// What a text of [`expressions`] says, worked out another way: inner parentheses are replaced by what they come to.
fn evaluate(text: &str, tags: &[&str]) -> bool {
    let mut text = text.replace(' ', "");
    let value = |part: &str| {
        let plain = part.trim_start_matches('!');
        let is = plain == "T" || tags.contains(&plain);
        is != ((part.len() - plain.len()) % 2 == 1)
    };
    let flat = |text: &str| text.split("||").any(|part| part.split("&&").all(value));
    while let Some(close) = text.find(')') {
        let open = text[..close].rfind('(').unwrap();
        let word = if flat(&text[open + 1..close]) { "T" } else { "F" };
        text.replace_range(open..=close, word);
    }
    flat(&text)
}

proptest! {
    #[test]
    fn what_is_shown_reads_as_the_same(text in expressions()) {
        if let Ok(expression) = TagExpression::parse(&text) {
            let shown = expression.to_string();
            prop_assert_eq!(&TagExpression::parse(&shown).unwrap(), &expression, "{}", shown);
            let json = serde_json::to_string(&expression).unwrap();
            prop_assert_eq!(serde_json::from_str::<TagExpression>(&json).unwrap(), expression);
        }
    }

    #[test]
    fn clauses_mean_what_the_expression_means(text in expressions(), tags in prop::sample::subsequence(TAGS.to_vec(), 0..=7)) {
        if let Ok(expression) = TagExpression::parse(&text) {
            let meant = evaluate(&text, &tags);
            prop_assert_eq!(expression.matches(&tags), meant, "{}", text);
            let Ok(clauses) = expression.clauses() else {
                return Ok(());
            };
            prop_assert_eq!(clauses.iter().any(|clause| clause.matches(&tags)), meant, "{} {:?}", text, clauses);
        }
    }

    #[test]
    fn no_text_is_too_odd_to_be_answered(text in "[ab(!)&|* \u{e4}:\t\u{1f375}]{0,60}") {
        match TagExpression::parse(&text) {
            Ok(expression) => drop(expression.clauses()),
            Err(error) => prop_assert!((1..=text.chars().count() + 1).contains(&error.at), "{}", error),
        }
    }

    #[test]
    fn nor_is_any_text_at_all(text in any::<String>()) {
        let _ = TagExpression::parse(&text);
    }
}
