//! The content of a mail: read as it must come, and looked into.

use std::io;

use jiff::Timestamp;
use mail_parser::{HeaderValue, MessageParser};
use tokio::io::{AsyncRead, AsyncWrite};

use super::inbox::Mail;
use super::talk::Talk;

/// What EHLO says under SIZE, in bytes.
pub(super) const MAX_BYTES: usize = 1_048_576;
/// A line with its end (RFC 5321, section 4.5.3.1.6).
const MAX_LINE: usize = 1_000;
/// A mail has each of these once.
const NEEDED: [&str; 3] = ["From", "Date", "Message-ID"];

/// Why a content is refused: a reply.
pub(super) type Wrong = &'static str;

/// Reads up to the line with a single dot, and takes away the dots that stand for transparency (RFC 5321, section 4.5.2).
/// None where the client has gone before the end: then there is no mail.
pub(super) async fn read<S: AsyncRead + AsyncWrite + Unpin>(
    talk: &mut Talk<S>,
) -> io::Result<Option<Result<Vec<u8>, Wrong>>> {
    let (mut content, mut wrong) = (Vec::new(), None);
    while let Some(line) = talk.line().await? {
        let Some(text) = line.content() else {
            wrong.get_or_insert("554 5.6.0 a CR or LF stands alone");
            continue;
        };
        if text == b"." {
            return Ok(Some(wrong.map_or(Ok(content), Err)));
        }
        let text = text.strip_prefix(b".").unwrap_or(text);
        if line.len() > MAX_LINE {
            wrong.get_or_insert("500 5.5.2 a line has more than 998 characters");
        }
        if content.len() + text.len() + 2 > MAX_BYTES {
            wrong.get_or_insert("552 5.3.4 the mail is too large");
        } else {
            content.extend_from_slice(text);
            content.extend_from_slice(b"\r\n");
        }
    }
    Ok(None)
}

/// The mail that `content` is, from and to whom the envelope says.
pub(super) fn look_into(
    content: &[u8],
    from: &str,
    to: &[String],
    is_8bit: bool,
    at: Timestamp,
) -> Result<Mail, Wrong> {
    if !is_8bit && !content.is_ascii() {
        return Err("554 5.6.3 8-bit content without BODY=8BITMIME");
    }
    let parsed = MessageParser::default()
        .parse(content)
        .ok_or("554 5.6.0 that is no mail")?;
    for name in NEEDED {
        let count = parsed
            .headers_raw()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .count();
        if count != 1 {
            return Err("554 5.6.0 a mail has From, Date and Message-ID, each once");
        }
    }
    let sender = parsed.from().and_then(|from| from.first());
    let address = sender.and_then(|sender| sender.address()).unwrap_or_default();
    if parsed.date().is_none() || address.is_empty() {
        return Err("554 5.6.0 From or Date can't be read");
    }
    if domain(address) != domain(from) {
        return Err("550 5.7.1 From is of another domain than the envelope's sender");
    }
    let unfold = |value: &str| value.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = sender.and_then(|sender| sender.name());
    Ok(Mail {
        sequence: 0,
        at,
        from: from.to_owned(),
        to: to.to_vec(),
        sender: name.map_or_else(|| address.to_owned(), |name| format!("{name} <{address}>")),
        subject: parsed.subject().unwrap_or_default().to_owned(),
        message_id: parsed.message_id().unwrap_or_default().to_owned(),
        copies: 1,
        headers: parsed
            .headers_raw()
            .map(|(name, value)| (name.to_owned(), unfold(value)))
            .collect(),
        text: parsed.body_text(0).unwrap_or_default().into_owned(),
        html: html(&parsed),
    })
}

/// Only where it was sent as HTML: the parser makes some of plain text, too.
fn html(parsed: &mail_parser::Message<'_>) -> Option<String> {
    let part = parsed.html_part(0)?;
    let kind = part.headers.iter().find(|header| header.name() == "Content-Type");
    let is_html = kind.is_some_and(|kind| match kind.value() {
        HeaderValue::ContentType(kind) => kind.subtype() == Some("html"),
        _ => false,
    });
    is_html.then(|| parsed.body_html(0).unwrap_or_default().into_owned())
}

fn domain(address: &str) -> Option<String> {
    let (_, domain) = address.rsplit_once('@')?;
    Some(domain.to_ascii_lowercase())
}
