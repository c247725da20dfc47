//! The languages there are texts in.

/// The languages there are texts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English, also for every language there are no texts in.
    English,
    /// German.
    German,
}

impl Language {
    /// The language of a BCP 47 tag such as `de-AT`.
    pub fn of(locale: &str) -> Self {
        let primary = locale.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("de") {
            Self::German
        } else {
            Self::English
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_that_of_the_tag() {
        assert_eq!(Language::of("de"), Language::German);
        assert_eq!(Language::of("de-AT"), Language::German);
        assert_eq!(Language::of("DE_ch"), Language::German);
        assert_eq!(Language::of("den"), Language::English);
        assert_eq!(Language::of(""), Language::English);
    }
}
