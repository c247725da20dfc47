//! What stands around a mail's text, in the languages there are texts in.

use push_texts::Language;

/// The words of one language.
pub(super) struct Words {
    /// BCP 47.
    pub(super) code: &'static str,
    /// Before an order's number.
    pub(super) order: &'static str,
    /// On the button.
    pub(super) view: &'static str,
    /// About the link.
    pub(super) keep_to_yourself: &'static str,
    /// Why this mail came.
    pub(super) because_ordered: &'static str,
    pub(super) because_wished: &'static str,
    pub(super) because_news: &'static str,
    /// On the link that stops product news.
    pub(super) stop: &'static str,
}

static ENGLISH: Words = Words {
    code: "en",
    order: "Order",
    view: "View your order",
    keep_to_yourself: "Whoever has this link sees the order, so please keep it to yourself.",
    because_ordered: "You get this e-mail because you ordered from us.",
    because_wished: "You get this e-mail because you asked us to tell you.",
    because_news: "You get this e-mail because you asked for our product news.",
    stop: "Stop product news",
};

static GERMAN: Words = Words {
    code: "de",
    order: "Bestellung",
    view: "Bestellung ansehen",
    keep_to_yourself: "Wer diesen Link hat, sieht die Bestellung. Bitte geben Sie ihn nicht weiter.",
    because_ordered: "Sie erhalten diese E-Mail, weil Sie bei uns bestellt haben.",
    because_wished: "Sie erhalten diese E-Mail, weil Sie uns darum gebeten haben.",
    because_news: "Sie erhalten diese E-Mail, weil Sie unsere Neuigkeiten lesen wollten.",
    stop: "Keine Neuigkeiten mehr",
};

/// The words of `language`.
pub(super) fn of(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
    }
}
