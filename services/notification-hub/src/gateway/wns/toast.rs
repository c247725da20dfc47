//! The toast, in XML.

use domain::OrderId;

use super::{Answer, Push};

/// What WNS takes at most.
const LIMIT_BYTES: usize = 5_000;
/// A tag is at most that long and holds letters and digits only.
const TAG_CHARACTERS: usize = 16;

/// The toast: two lines, and what the app is told when it is opened by it.
pub(super) fn toast(push: &Push) -> Result<String, Answer> {
    let launch = format!(
        "order={}&version={}&state={}",
        push.order, push.version, push.state
    );
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

/// A later toast with the same tag replaces an earlier one; the order's id is too long for it.
pub(super) fn tag(order: OrderId) -> String {
    let mut tag = order.0.simple().to_string();
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
    fn a_tag_fits_and_is_the_orders_own() {
        let order = sample().order;
        assert_eq!(tag(order), "018f000000008000");
        assert_eq!(tag(order).len(), TAG_CHARACTERS);
    }
}
