//! Templates in place of the built-in texts: which one is for whom.

use serde_json::{Map, Value};

use crate::properties::ORDER_PROPERTIES;
use crate::{Template, TemplateError, Text};

const LONGEST_TITLE: usize = 200;
const LONGEST_BODY: usize = 2_000;

/// Why a wording can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordingError {
    /// Title or body can't be read.
    #[error("{part}: {error}")]
    Unreadable {
        /// `title` or `body`.
        part: &'static str,
        /// Where and why.
        error: TemplateError,
    },
    /// Title or body is empty or too long.
    #[error("{part}: must be 1 to {most} characters")]
    Length {
        /// `title` or `body`.
        part: &'static str,
        /// The most characters.
        most: usize,
    },
    /// It asks for what the event does not say.
    #[error("{part}: {event} has no property {name}; there are {}", ORDER_PROPERTIES.join(", "))]
    UnknownProperty {
        /// `title` or `body`.
        part: &'static str,
        /// The event.
        event: String,
        /// The property.
        name: String,
    },
}

/// What is said about an event, to whom. Where app, platform or locale is none, it is for any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// Which app.
    pub app: Option<String>,
    /// The event's name: `order.confirmed`, `catalog.restocked`.
    pub event: String,
    /// `apns`, `fcm`, `wns`, `webpush` or `email`.
    pub platform: Option<String>,
    /// A BCP 47 tag; `de` is for `de-AT` too.
    pub locale: Option<String>,
    /// The first line.
    pub title: Template,
    /// The rest.
    pub body: Template,
}

impl Wording {
    /// Reads title and body.
    ///
    /// # Errors
    /// Where one can't be read, is empty or too long, or asks for a property that an order's event never has.
    pub fn read(event: &str, title: &str, body: &str) -> Result<Self, WordingError> {
        Ok(Self {
            app: None,
            event: event.to_owned(),
            platform: None,
            locale: None,
            title: part(event, "title", title, LONGEST_TITLE)?,
            body: part(event, "body", body, LONGEST_BODY)?,
        })
    }

    /// The same for these readers; `*` stands for any.
    pub fn for_readers(self, app: &str, platform: &str, locale: &str) -> Self {
        let named = |part: &str| (part != "*").then(|| part.to_owned());
        Self {
            app: named(app),
            platform: named(platform),
            locale: named(locale),
            ..self
        }
    }

    /// With what the event says of itself.
    pub fn render(&self, properties: &Map<String, Value>) -> Text {
        Text {
            title: self.title.render(properties),
            body: self.body.render(properties),
        }
    }

    /// How well it fits, the language first, then the app, then the platform; none where it does not.
    fn fit(&self, app: &str, platform: &str, locale: &str) -> Option<(usize, bool, bool)> {
        let fits = |own: &Option<String>, asked: &str| own.as_ref().is_none_or(|own| own == asked);
        let language = match &self.locale {
            None => 0,
            Some(own) if speaks(locale, own) => own.len(),
            Some(_) => return None,
        };
        (fits(&self.app, app) && fits(&self.platform, platform)).then_some((
            language,
            self.app.is_some(),
            self.platform.is_some(),
        ))
    }
}

/// Whether a reader of `locale` reads `own`: it is the same tag or its beginning (RFC 4647, section 3.4).
fn speaks(locale: &str, own: &str) -> bool {
    let (locale, own) = (locale.to_ascii_lowercase(), own.to_ascii_lowercase());
    locale
        .strip_prefix(&own)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

fn part(event: &str, part: &'static str, text: &str, most: usize) -> Result<Template, WordingError> {
    if text.trim().is_empty() || text.chars().count() > most {
        return Err(WordingError::Length { part, most });
    }
    let template = Template::parse(text).map_err(|error| WordingError::Unreadable { part, error })?;
    if event.starts_with("order.") {
        let unknown = template
            .properties()
            .find(|name| !ORDER_PROPERTIES.contains(&name.as_str()));
        if let Some(name) = unknown {
            return Err(WordingError::UnknownProperty {
                part,
                event: event.to_owned(),
                name,
            });
        }
    }
    Ok(template)
}

/// All wordings there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wordings(pub Vec<Wording>);

impl Wordings {
    /// The one that fits best; none where the built-in text is to be shown.
    pub fn choose(&self, event: &str, app: &str, platform: &str, locale: &str) -> Option<&Wording> {
        let named = self.0.iter().filter(|wording| wording.event == event);
        let fitting = named.filter_map(|wording| Some((wording.fit(app, platform, locale)?, wording)));
        fitting.max_by_key(|(fit, _)| *fit).map(|(_, wording)| wording)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wording(app: Option<&str>, platform: Option<&str>, locale: Option<&str>, title: &str) -> Wording {
        Wording {
            app: app.map(str::to_owned),
            platform: platform.map(str::to_owned),
            locale: locale.map(str::to_owned),
            ..Wording::read("order.confirmed", title, "x").unwrap()
        }
    }

    #[test]
    fn the_closest_wording_is_chosen_and_language_counts_most() {
        let all = Wordings(vec![
            wording(None, None, None, "any"),
            wording(Some("shop"), Some("apns"), None, "shop's iPhones"),
            wording(None, None, Some("de"), "German"),
            wording(None, Some("fcm"), Some("de"), "German Androids"),
            wording(None, None, Some("de-AT"), "Austrian"),
        ]);
        let chosen = |app, platform, locale| {
            let chosen = all.choose("order.confirmed", app, platform, locale);
            chosen.map(|wording| wording.render(&Map::new()).title).unwrap()
        };
        for (app, platform, locale, title) in [
            ("other", "wns", "en", "any"),
            ("shop", "apns", "fr-FR", "shop's iPhones"),
            ("shop", "apns", "de-DE", "German"),
            ("shop", "fcm", "DE", "German Androids"),
            ("shop", "fcm", "de-at", "Austrian"),
            ("other", "wns", "den", "any"),
        ] {
            assert_eq!(chosen(app, platform, locale), title, "{app} {platform} {locale}");
        }
        assert_eq!(all.choose("order.shipped", "shop", "apns", "de"), None);
    }

    #[test]
    fn what_cannot_be_shown_is_refused_with_the_part_and_the_reason() {
        let error =
            |event, title: &str, body: &str| Wording::read(event, title, body).unwrap_err().to_string();
        assert_eq!(
            error("order.shipped", " ", "x"),
            "title: must be 1 to 200 characters"
        );
        assert_eq!(
            error("order.shipped", "x", &"x".repeat(2_001)),
            "body: must be 1 to 2000 characters"
        );
        assert_eq!(
            error("catalog.restocked", "x", "$(name"),
            "body: column 7: expected , or )"
        );
        let unknown = error("order.shipped", "$(totl)", "x");
        assert!(
            unknown.starts_with("title: order.shipped has no property totl; there are title, body, order"),
            "{unknown}"
        );
        assert!(Wording::read("catalog.restocked", "$(totl)", "x").is_ok());
    }
}
