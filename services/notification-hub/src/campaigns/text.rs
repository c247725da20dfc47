//! What one device is told of a campaign.

use serde_json::Value;
use storage::{CampaignText, Installation, NewCampaign};

use crate::news::{News, NewsOf};

/// The campaign's news to `device`, in its language.
pub(super) fn news(campaign: &NewCampaign, device: &Installation) -> News {
    let text = text(campaign, &device.locale);
    let mut properties = campaign.data.clone();
    properties.insert("title".to_owned(), Value::String(text.title.clone()));
    properties.insert("body".to_owned(), Value::String(text.body.clone()));
    News {
        about: NewsOf::Campaign(campaign.id),
        event: "campaign".to_owned(),
        event_id: campaign.id.to_string(),
        at: campaign.send_at,
        expires_at: Some(campaign.expires_at),
        // Whoever gets the device meanwhile may not be meant.
        customer: Some(device.customer),
        collapse_key: campaign.id.to_string(),
        properties,
        urgent: campaign.urgent,
    }
}

/// The text of the locale (`de-AT`), else of its language (`de`), else the one for all.
fn text<'a>(campaign: &'a NewCampaign, locale: &str) -> &'a CampaignText {
    let language = locale.split(['-', '_']).next().unwrap_or_default();
    let of = |wanted: &str| {
        let mut texts = campaign.texts.iter();
        texts.find_map(|(tag, text)| tag.eq_ignore_ascii_case(wanted).then_some(text))
    };
    of(&locale.replace('_', "-"))
        .or_else(|| of(language))
        .unwrap_or(&campaign.text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;

    fn campaign() -> NewCampaign {
        let text = |title: &str| CampaignText {
            title: title.into(),
            body: "x".into(),
        };
        NewCampaign {
            id: uuid::Uuid::nil(),
            expression: "*".into(),
            devices: None,
            text: text("all"),
            texts: BTreeMap::from([("de".into(), text("de")), ("de-AT".into(), text("at"))]),
            data: serde_json::Map::new(),
            urgent: false,
            silent: false,
            rate: None,
            created_by: "test".into(),
            created_at: Timestamp::UNIX_EPOCH,
            send_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::MAX,
        }
    }

    #[test]
    fn a_device_gets_the_text_of_its_locale_or_language_or_the_one_for_all() {
        let campaign = campaign();
        for (locale, title) in [
            ("de-AT", "at"),
            ("de_at", "at"),
            ("de-CH", "de"),
            ("DE", "de"),
            ("fr", "all"),
            ("", "all"),
        ] {
            assert_eq!(text(&campaign, locale).title, title, "{locale}");
        }
    }
}
