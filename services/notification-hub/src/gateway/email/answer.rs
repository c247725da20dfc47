//! What a mail server's reply means (RFC 5321, section 4.2; RFC 3463).

use std::error::Error as _;

use lettre::transport::smtp::Error;

use crate::gateway::Answer;

/// How far a mail had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Connecting, TLS, sign-in.
    Connecting,
    /// MAIL: who sends.
    Sender,
    /// RCPT: who gets it.
    Recipient,
    /// DATA, before its content.
    Announcing,
    /// The content was written.
    Content,
}

/// Codes that ask for another sign-in or for TLS.
const NOT_LET_IN: [u16; 5] = [530, 534, 535, 538, 454];
/// Codes that mean the mailbox, unless the detail says that it is about something else.
const NO_MAILBOX: [u16; 3] = [550, 551, 553];

/// What becomes of a mail that the server refused, or gave no answer to, at `stage`.
pub(super) fn of(stage: Stage, error: &Error) -> Answer {
    let why = words(error);
    let Some(code) = code(error) else {
        return match stage {
            // A server that offers no TLS, or no way to sign in that we know.
            Stage::Connecting if error.is_client() => Answer::Barred { why },
            Stage::Content => Answer::Unknown { why },
            _ => Answer::Retry { after: None, why },
        };
    };
    match (stage, code) {
        (Stage::Connecting, code) if NOT_LET_IN.contains(&code) => Answer::Barred { why },
        (_, 530 | 534 | 535 | 538) => Answer::Barred { why },
        (_, 400..=499) => Answer::Retry { after: None, why },
        (Stage::Connecting, _) => Answer::Barred { why },
        // Too large is the mail; all else is about our sender.
        (Stage::Sender, 552) => Answer::Refused { why },
        (Stage::Sender, _) => Answer::Barred { why },
        (Stage::Recipient, code) if NO_MAILBOX.contains(&code) && is_about_mailbox(error) => {
            Answer::Gone { as_of: None, why }
        }
        _ => Answer::Refused { why },
    }
}

/// Whether the server hung up on a connection that it thought idle: another one may work at once.
pub(super) fn is_stale(error: &Error) -> bool {
    matches!(code(error), None | Some(421))
}

/// Whether the reply's detailed code (RFC 3463) names the mailbox: 5.1.x its address, 5.2.1 that it is shut. One without details does, too.
fn is_about_mailbox(error: &Error) -> bool {
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    let detail = text.split_whitespace().next().unwrap_or_default();
    let is_detail = detail.starts_with("5.") && detail.split('.').count() == 3;
    !is_detail || detail.starts_with("5.1.") || detail == "5.2.1"
}

fn code(error: &Error) -> Option<u16> {
    error.status()?.to_string().parse().ok()
}

/// The reply in one line, without the addresses that servers like to repeat.
pub(super) fn words(error: &Error) -> String {
    without_addresses(&error.to_string())
}

/// Text of a mail server that may stand in a log and in the ledger.
pub(super) fn without_addresses(text: &str) -> String {
    let word = |word| {
        if str::contains(word, '@') {
            "(address)"
        } else {
            word
        }
    };
    let words: Vec<_> = text.split_whitespace().map(word).collect();
    words.join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_stands_in_what_is_logged() {
        assert_eq!(
            without_addresses("5.1.1 <ada@example.org>:\r\nRecipient address rejected"),
            "5.1.1 (address) Recipient address rejected"
        );
        assert_eq!(without_addresses(&"x".repeat(500)).len(), 200);
    }
}
