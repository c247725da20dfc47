//! What a device shows about what is announced: the shop's own template where there is one, else the built-in text.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use push_texts::{Language, Text, Wording, Wordings};
use serde_json::Value;
use storage::push_templates::PushTemplate;
use storage::{Installation, Storage};
use tokio::sync::OnceCell;

use crate::notification::What;

/// A template that was saved is used after this long.
const FRESH: Duration = Duration::from_secs(2);

/// The built-in text about `what`; `None` where nothing is to be told.
pub fn of(what: &What, language: Language) -> Option<Text> {
    match what {
        What::Order(event) => push_texts::order(event, language),
        What::News(news) => push_texts::news(&news.event, &news.properties, language),
    }
}

/// The texts that are in use.
#[derive(Debug)]
pub struct Texts {
    storage: Storage,
    /// Filled once the templates were read, or tried to be.
    first: OnceCell<()>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    wordings: Arc<Wordings>,
    since: Option<Instant>,
}

impl Texts {
    /// The built-in texts under the templates that `storage` has.
    pub fn new(storage: Storage) -> Self {
        Self {
            storage,
            first: OnceCell::new(),
            kept: Mutex::default(),
        }
    }

    /// What `device` shows about `what`; `None` where nothing is to be told.
    pub async fn of(&self, what: &What, device: &Installation) -> Option<Text> {
        let language = Language::of(&device.locale);
        let text = of(what, language)?;
        let wordings = self.wordings().await;
        let chosen = wordings.choose(&name(what), &device.app, device.platform.as_str(), &device.locale);
        Some(match chosen {
            Some(wording) => said(wording, what, text, language),
            None => text,
        })
    }

    /// Read again every two seconds at most. Those that were read stay in use while the database is away.
    async fn wordings(&self) -> Arc<Wordings> {
        // All wait for the first ones; later, whoever comes while they are read again goes on with those that were read before.
        self.first.get_or_init(|| self.read()).await;
        if self.are_due() {
            self.read().await;
        }
        self.kept().wordings.clone()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether they are to be read again, by whoever is told so.
    fn are_due(&self) -> bool {
        let mut kept = self.kept();
        let due = kept.since.is_none_or(|since| since.elapsed() >= FRESH);
        if due {
            kept.since = Some(Instant::now());
        }
        due
    }

    async fn read(&self) {
        let read = self.storage.push_templates().await;
        let mut kept = self.kept();
        kept.since = Some(Instant::now());
        match read {
            Ok(templates) => {
                let wordings = templates.iter().filter_map(wording).collect();
                kept.wordings = Arc::new(Wordings(wordings));
            }
            Err(error) => tracing::warn!(%error, "templates can't be read; the ones read before stay in use"),
        }
    }
}

fn name(what: &What) -> String {
    match what {
        What::Order(event) => push_texts::order_name(event),
        What::News(news) => news.event.clone(),
    }
}

fn said(wording: &Wording, what: &What, built_in: Text, language: Language) -> Text {
    match what {
        What::Order(event) => wording.render(&push_texts::order_properties(event, language)),
        What::News(news) => {
            let mut properties = news.properties.clone();
            properties.insert("title".into(), Value::String(built_in.title));
            properties.insert("body".into(), Value::String(built_in.body));
            wording.render(&properties)
        }
    }
}

fn wording(template: &PushTemplate) -> Option<Wording> {
    let key = &template.key;
    match Wording::read(&key.event, &template.title, &template.body) {
        Ok(wording) => Some(wording.for_readers(&key.app, &key.platform, &key.locale)),
        Err(error) => {
            tracing::error!(event = key.event, %error, "a template can't be read, the built-in text stands for it");
            None
        }
    }
}
