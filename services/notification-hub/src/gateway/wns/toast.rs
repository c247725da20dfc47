//! The toast, in XML.

use uuid::Uuid;

use super::{Answer, Push};

/// What WNS takes at most.
const LIMIT_BYTES: usize = 5_000;
/// A tag is at most that long and holds letters and digits only.
const TAG_CHARACTERS: usize = 16;

/// The toast: two lines, and what the app is told when it is opened by it.
pub(super) fn toast(push: &Push) -> Result<String, Answer> {
    let launch = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&push.data)
        .finish();
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><toast launch=\"{}\"><visual><binding template=\"ToastGeneric\">\
         <text>{}</text><text>{}</text></binding></visual></toast>",
        escaped(&launch),
        escaped(&push.text.title),
        escaped(&push.text.body),
    );
    if xml.len() > LIMIT_BYTES {
        return Err(Answer::Refused {
            why: format!("the toast is {} bytes long, WNS takes {LIMIT_BYTES}", xml.len()),
        });
    }
    Ok(xml)
}

/// A later toast with the same tag replaces an earlier one; most keys are too long for it.
pub(super) fn tag(collapse: &str) -> String {
    let mut tag = Uuid::new_v5(&Uuid::NAMESPACE_OID, collapse.as_bytes())
        .simple()
        .to_string();
    tag.truncate(TAG_CHARACTERS);
    tag
}

/// XML 1.0: the five characters with a meaning as entities; controls, which XML can't hold, left out.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            '\n' | '\t' => xml.push(' '),
            '\u{FFFE}' | '\u{FFFF}' => {}
            control if control.is_control() => {}
            other => xml.push(other),
        }
    }
    xml
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::samples::push;
    use storage::Channel;

    fn sample() -> Push {
        push(Channel::Wns {
            uri: "https://db5.notify.windows.com/?token=x".into(),
        })
    }

    #[test]
    fn a_toast_holds_the_text_escaped() {
        let xml = toast(&sample()).unwrap();
        assert!(
            xml.contains("<text>Tea &amp; &lt;cups&gt;</text><text>It&apos;s &quot;on&quot; its way</text>"),
            "{xml}"
        );
        assert!(xml.contains("&amp;version=2&amp;state=confirmed\""), "{xml}");
    }

    #[test]
    fn what_xml_cannot_hold_is_left_out() {
        assert_eq!(escaped("a\u{0}b\u{7}c\nd\u{FFFF}"), "abc d");
    }

    #[test]
    fn a_toast_that_is_too_long_is_not_sent() {
        let mut push = sample();
        push.text.body = "x".repeat(LIMIT_BYTES);
        assert!(matches!(toast(&push), Err(Answer::Refused { .. })));
    }

    #[test]
    fn a_tag_fits_and_is_the_keys_own() {
        let (one, other) = (
            tag("018f0000-0000-8000-8000-000000000002"),
            tag("018f0000-0000-8000-8000-000000000003"),
        );
        assert_ne!(one, other);
        assert_eq!((one.len(), other.len()), (TAG_CHARACTERS, TAG_CHARACTERS));
    }
}
