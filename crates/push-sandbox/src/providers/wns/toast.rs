//! The XML of a notification: `<toast><visual><binding template="…"><text>…`.

use roxmltree::{Document, Node};

/// The lines of text it shows, or why it is no such document.
pub(super) fn lines(root: &str, xml: &str) -> Result<Vec<String>, String> {
    let document = Document::parse(xml).map_err(|error| format!("the XML can't be read: {error}"))?;
    let top = document.root_element();
    if !top.has_tag_name(root) {
        return Err(format!(
            "the document is a <{}>, not a <{root}>",
            top.tag_name().name()
        ));
    }
    if root == "badge" {
        return top
            .attribute("value")
            .map(|value| vec![value.to_owned()])
            .ok_or("a <badge> has a value".to_owned());
    }
    let visual = child(top, "visual")?;
    let binding = child(visual, "binding")?;
    if binding.attribute("template").is_none_or(str::is_empty) {
        return Err("the <binding> names no template".to_owned());
    }
    let texts = binding.children().filter(|node| node.has_tag_name("text"));
    let lines: Vec<String> = texts.map(text_of).collect();
    if lines.iter().all(|line| line.trim().is_empty()) {
        return Err("the <binding> has no <text> to show".to_owned());
    }
    Ok(lines)
}

fn child<'a, 'i>(parent: Node<'a, 'i>, name: &str) -> Result<Node<'a, 'i>, String> {
    let found = parent.children().find(|node| node.has_tag_name(name));
    found.ok_or_else(|| format!("the <{}> has no <{name}>", parent.tag_name().name()))
}

fn text_of(node: Node<'_, '_>) -> String {
    node.descendants()
        .filter_map(|node| node.is_text().then(|| node.text()).flatten())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"<toast launch="order=1"><visual><binding template="ToastGeneric">
        <text>Order confirmed</text><text>Tea &amp; cups</text></binding></visual></toast>"#;

    #[test]
    fn reads_the_lines_of_a_toast() {
        assert_eq!(lines("toast", GOOD).unwrap(), ["Order confirmed", "Tea & cups"]);
    }

    #[test]
    fn says_what_is_wrong_with_others() {
        assert!(lines("toast", "<toast").unwrap_err().contains("can't be read"));
        assert!(lines("toast", "<tile/>").unwrap_err().contains("not a <toast>"));
        assert!(lines("toast", "<toast/>").unwrap_err().contains("no <visual>"));
        let unnamed = GOOD.replace(" template=\"ToastGeneric\"", "");
        assert!(lines("toast", &unnamed).unwrap_err().contains("no template"));
        let silent = GOOD.replace("Order confirmed", "").replace("Tea &amp; cups", " ");
        assert!(lines("toast", &silent).unwrap_err().contains("no <text>"));
    }
}
