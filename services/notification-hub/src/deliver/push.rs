//! What a gateway is handed.

use push_texts::Text;
use storage::Installation;

use crate::gateway::email::Subject;
use crate::gateway::{Kind, Push};
use crate::news::NewsOf;
use crate::notification::{Notification, What};

/// The push of `notification` to `device`, which says `text`.
pub(super) fn push(notification: &Notification, device: &Installation, text: Text) -> Push {
    let what = &notification.what;
    let (collapse, data, urgent) = match what {
        What::Order(event) => (
            event.order.to_string(),
            vec![
                ("order".to_owned(), event.order.to_string()),
                ("version".to_owned(), event.version.to_string()),
                ("state".to_owned(), event.state.as_str().to_owned()),
            ],
            true,
        ),
        What::News(news) => (news.collapse_key.clone(), news.data(), news.urgent),
    };
    Push {
        id: notification.delivery,
        app: device.app.clone(),
        channel: device.channel.clone(),
        environment: device.environment.clone(),
        collapse,
        data,
        urgent,
        kind: Kind::Alert,
        text,
        locale: device.locale.clone(),
        subject: subject(what),
        deadline: notification.deadline(),
    }
}

/// What a mail about it is about.
fn subject(what: &What) -> Option<Subject> {
    match what {
        What::Order(event) => Some(Subject::Order(event.order)),
        What::News(news) => Some(match news.about {
            NewsOf::Wish(_) => Subject::Wish(news.customer?),
            NewsOf::Campaign(_) => Subject::News(news.customer?),
        }),
    }
}
