//! `waybillctl push preview`: what a device would show.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chassis::args::DatabaseArgs;
use domain::{Access, OrderEvent, OrderId};
use push_texts::{Language, Text, Wording, Wordings};
use serde_json::{Map, Value, json};
use storage::Storage;
use storage::push_templates::{ANY, PushTemplate};

use super::templates::event;
use crate::NAME;
use crate::output::{Console, fields};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,

    /// Which event, e.g. order.confirmed.
    #[arg(value_parser = event)]
    event: String,

    /// The app that shows it.
    #[arg(long, default_value = ANY, hide_default_value = true)]
    app: String,

    /// Where it is shown.
    #[arg(long, default_value = "apns", value_parser = ["apns", "fcm", "wns", "webpush", "email"])]
    platform: String,

    /// The reader's language.
    #[arg(long, value_name = "TAG", default_value = "en")]
    locale: String,

    /// An order that reached this event, in place of a made-up one.
    #[arg(long, value_name = "ORDER", conflicts_with = "properties")]
    order: Option<OrderId>,

    /// What the event says, as a JSON object; for events that are not of an order.
    #[arg(long, value_name = "JSON", value_parser = object)]
    properties: Option<Map<String, Value>>,

    /// A title to try, in place of what is stored.
    #[arg(long, requires = "body")]
    title: Option<String>,

    /// A body to try, in place of what is stored.
    #[arg(long, requires = "title")]
    body: Option<String>,
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("must be a JSON object: {error}"))
}

pub(super) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = args.database.connect(NAME, connecting).await?;
    let (built_in, properties) = said(args, &storage).await?;
    let (text, from) = match wording(args, &storage).await? {
        Some((wording, from)) => (wording.render(&properties), from),
        None => {
            let built_in = built_in.with_context(|| {
                format!(
                    "{} has no built-in text for these --properties, and no template is stored",
                    args.event
                )
            })?;
            (built_in, "the built-in text")
        }
    };
    let json = json!({ "title": text.title, "body": text.body, "from": from, "properties": properties });
    console.answer(&json, || {
        fields(vec![
            ("title", text.title.clone()),
            ("body", text.body.clone()),
            ("from", from.to_owned()),
        ])
    })
}

/// The built-in text, and what a template can say.
async fn said(args: &Args, storage: &Storage) -> anyhow::Result<(Option<Text>, Map<String, Value>)> {
    let language = Language::of(&args.locale);
    if !args.event.starts_with("order.") {
        ensure!(
            args.order.is_none(),
            "--order is for events of orders; give --properties"
        );
        let mut properties = args.properties.clone().unwrap_or_default();
        let text = push_texts::news(&args.event, &properties, language);
        if let Some(text) = &text {
            properties.insert("title".into(), text.title.clone().into());
            properties.insert("body".into(), text.body.clone().into());
        }
        return Ok((text, properties));
    }
    ensure!(
        args.properties.is_none(),
        "what an order's event says comes from the order: give --order, or neither for a made-up one"
    );
    let event = match args.order {
        Some(order) => reached(storage, order, &args.event).await?,
        None => push_texts::sample(&args.event)
            .with_context(|| format!("{} is no event of an order that is told", args.event))?,
    };
    Ok((
        push_texts::order(&event, language),
        push_texts::order_properties(&event, language),
    ))
}

async fn reached(storage: &Storage, id: OrderId, name: &str) -> anyhow::Result<OrderEvent> {
    let Some(order) = storage.order(Access::Staff, id).await? else {
        bail!("there is no order {id}");
    };
    let events = order.history.iter().map(|entry| OrderEvent::of(&order, entry));
    events
        .rev()
        .find(|event| push_texts::order_name(event) == name)
        .with_context(|| {
            format!("order {id} has not come to {name}; `waybillctl orders show {id}` tells its history")
        })
}

async fn wording(args: &Args, storage: &Storage) -> anyhow::Result<Option<(Wording, &'static str)>> {
    if let Some((title, body)) = args.title.as_deref().zip(args.body.as_deref()) {
        return Ok(Some((Wording::read(&args.event, title, body)?, "what was given")));
    }
    let stored = storage.push_templates().await?;
    let stored = stored.iter().map(read).collect::<anyhow::Result<_>>()?;
    let wordings = Wordings(stored);
    let chosen = wordings.choose(&args.event, &args.app, &args.platform, &args.locale);
    Ok(chosen.map(|wording| (wording.clone(), "a stored template")))
}

fn read(PushTemplate { key, title, body }: &PushTemplate) -> anyhow::Result<Wording> {
    let wording = Wording::read(&key.event, title, body)
        .with_context(|| format!("the stored template for {} can't be read", key.event))?;
    Ok(wording.for_readers(&key.app, &key.platform, &key.locale))
}
