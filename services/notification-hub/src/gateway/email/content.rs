//! What follows `DATA`.

use std::fmt::{Display, Formatter, Result};

/// A mail with its end, to be written at once. lettre writes the end by itself: it then waits for the server's delayed acknowledgement of what was
/// before it (Nagle), some 40 ms a mail.
#[derive(Debug)]
pub(super) struct Content(String);

impl Content {
    /// The mail `formatted`, lines ended by CR LF. A line that begins with a dot gets another one, so that none is taken for the end
    /// (RFC 5321, section 4.5.2).
    pub(super) fn new(formatted: &str) -> Self {
        let mut content = formatted.replace("\r\n.", "\r\n..");
        if content.starts_with('.') {
            content.insert(0, '.');
        }
        if !content.ends_with("\r\n") {
            content.push_str("\r\n");
        }
        content.push_str(".\r\n");
        Self(content)
    }
}

impl Display for Content {
    fn fmt(&self, to: &mut Formatter<'_>) -> Result {
        to.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_taken_for_the_end() {
        for (mail, written) in [
            ("a\r\nb\r\n", "a\r\nb\r\n.\r\n"),
            ("a", "a\r\n.\r\n"),
            (".a\r\n", "..a\r\n.\r\n"),
            ("a\r\n.\r\n.\r\nb", "a\r\n..\r\n..\r\nb\r\n.\r\n"),
            ("a.\r\n..b\r\n", "a.\r\n...b\r\n.\r\n"),
            ("", "\r\n.\r\n"),
        ] {
            assert_eq!(Content::new(mail).to_string(), written, "{mail:?}");
        }
    }
}
