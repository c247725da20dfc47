//! Language tags.

use domain::Invalid;

/// A tag that has the shape of one.
///
/// # Errors
/// In words for the one who sent it.
pub fn language_tag(text: String) -> Result<String, Invalid> {
    let tag = Some(text).filter(|text| is_language_tag(text));
    tag.ok_or_else(|| Invalid::new("must be a language tag such as en or de-AT"))
}

/// The shape of a BCP 47 tag: a language of letters, then subtags, all of 1 to 8 characters.
fn is_language_tag(text: &str) -> bool {
    let subtag =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let language = text.split('-').next().unwrap_or_default();
    text.len() <= 35
        && text.split('-').all(subtag)
        && language.len() >= 2
        && language.bytes().all(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_has_the_shape_of_a_language_tag() {
        for good in ["en", "de-AT", "zh-Hant-TW", "es-419", "sl-rozaj-biske-1994"] {
            assert!(is_language_tag(good), "{good}");
        }
        for bad in [
            "",
            "-",
            "e",
            "en-",
            "-en",
            "en--US",
            "12",
            "en_US",
            "en-ninechars",
            "ü",
        ] {
            assert!(!is_language_tag(bad), "{bad}");
        }
    }
}
