//! What stands after MAIL and RCPT (RFC 5321, sections 4.1.1.2, 4.1.1.3 and 4.1.2).

/// An address and the parameters after it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Path<'a> {
    /// `local@domain`
    pub(super) address: &'a str,
    /// `SIZE=1234`, as name and value; the names in capitals.
    pub(super) parameters: Vec<(String, &'a str)>,
}

/// Reads `FROM:<local@domain> NAME=VALUE`, where `keyword` is `FROM:`. A space before the bracket is no part of the standard.
pub(super) fn parse<'a>(text: &'a str, keyword: &str) -> Option<Path<'a>> {
    let (head, rest) = text.split_at_checked(keyword.len())?;
    if !head.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let (address, rest) = rest.strip_prefix('<')?.split_once('>')?;
    if !is_mailbox(address) || !(rest.is_empty() || rest.starts_with(' ')) {
        return None;
    }
    let parameter = |word: &'a str| {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        (name.to_ascii_uppercase(), value)
    };
    Some(Path {
        address,
        parameters: rest.split_ascii_whitespace().map(parameter).collect(),
    })
}

/// Without quoted local parts and address literals, which no shop meets.
fn is_mailbox(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let atom = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    local.len() <= 64 && local.split('.').all(atom) && is_domain(domain)
}

/// A host's name (RFC 1123), as EHLO gives it, too.
pub(super) fn is_domain(text: &str) -> bool {
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= 255 && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_an_address_in_brackets_with_parameters() {
        let path = parse("FROM:<ada+x@example.org> SIZE=12 body=8BITMIME", "FROM:").unwrap();
        assert_eq!(path.address, "ada+x@example.org");
        assert_eq!(
            path.parameters,
            [("SIZE".to_owned(), "12"), ("BODY".to_owned(), "8BITMIME")]
        );
        assert!(parse("to:<ada@example.org>", "TO:").is_some());
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for wrong in [
            "",
            "TO:",
            "TO: <ada@example.org>",
            "TO:ada@example.org",
            "TO:<ada@example.org",
            "TO:<ada>",
            "TO:<@example.org>",
            "TO:<a..b@example.org>",
            "TO:<ada@-example.org>",
            "TO:<ada@example..org>",
            "TO:<ada@example.org>x",
            "TO:<ad a@example.org>",
            "TO:<ädä@example.org>",
            "FROM:<ada@example.org>",
        ] {
            assert_eq!(parse(wrong, "TO:"), None, "{wrong}");
        }
    }
}
