//! The toast, in XML.

use super::Push;

/// The toast: two lines, and what the app is told when it is opened by it.
pub(super) fn toast(push: &Push) -> String {
    let launch = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&push.data)
        .finish();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><toast launch=\"{}\"><visual><binding template=\"ToastGeneric\">\
         <text>{}</text><text>{}</text></binding></visual></toast>",
        escaped(&launch),
        escaped(&push.text.title),
        escaped(&push.text.body),
    )
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
        let xml = toast(&sample());
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
}
