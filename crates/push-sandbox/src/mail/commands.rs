//! A command's word and what follows it.

/// RFC 5321, section 4.1.1, with STARTTLS (RFC 3207) and AUTH (RFC 4954).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Ehlo,
    Helo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    Rset,
    Noop,
    Vrfy,
    Quit,
}

const VERBS: [(&str, Verb); 11] = [
    ("EHLO", Verb::Ehlo),
    ("HELO", Verb::Helo),
    ("STARTTLS", Verb::StartTls),
    ("AUTH", Verb::Auth),
    ("MAIL", Verb::Mail),
    ("RCPT", Verb::Rcpt),
    ("DATA", Verb::Data),
    ("RSET", Verb::Rset),
    ("NOOP", Verb::Noop),
    ("VRFY", Verb::Vrfy),
    ("QUIT", Verb::Quit),
];

/// The command that a line is, and what stands behind its word.
pub(super) fn parse(line: &str) -> Option<(Verb, &str)> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (_, verb) = VERBS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word))?;
    Some((*verb, rest))
}
