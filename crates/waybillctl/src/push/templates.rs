//! `waybillctl push templates …`: the shop's own words in place of the built-in ones.

use std::time::Duration;

use anyhow::{Context, bail};
use chassis::args::DatabaseArgs;
use chassis::clock;
use push_texts::Wording;
use serde_json::json;
use storage::push_templates::{ANY, PushTemplate, TemplateKey};

use crate::NAME;
use crate::output::{Console, table};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the templates; events without one have built-in texts in English and German.
    List(ListArgs),
    /// Store a template, in the place of the one for the same readers; pushes say it within two seconds.
    ///
    /// Title and body may hold $(property), $(property, 20) for at most its first 20 characters, and {'text' + $(property)}. Events of
    /// orders have title and body (the built-in ones), order, version, state, total, total_minor, currency, reason and refused; others
    /// have what they are about. Of the templates that fit, language counts before app, app before platform.
    Set(SetArgs),
    /// Forget a template.
    Remove(RemoveArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SetArgs {
    #[command(flatten)]
    database: DatabaseArgs,

    #[command(flatten)]
    readers: Readers,

    /// The first line.
    #[arg(long)]
    title: String,

    /// The rest.
    #[arg(long)]
    body: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RemoveArgs {
    #[command(flatten)]
    database: DatabaseArgs,

    #[command(flatten)]
    readers: Readers,
}

/// For whom a template is.
#[derive(Debug, clap::Args)]
pub(crate) struct Readers {
    /// Which event, e.g. order.confirmed, catalog.restocked or campaign.
    #[arg(value_parser = event)]
    event: String,

    /// Which app; any, when not given.
    #[arg(long, default_value = ANY, hide_default_value = true)]
    app: String,

    /// Which platform; any, when not given.
    #[arg(long, default_value = ANY, hide_default_value = true, value_parser = ["apns", "fcm", "wns", "webpush", "email", ANY])]
    platform: String,

    /// Which language, e.g. de for de-AT too; any, when not given.
    #[arg(long, value_name = "TAG", default_value = ANY, hide_default_value = true)]
    locale: String,
}

impl Readers {
    fn key(&self) -> TemplateKey {
        TemplateKey {
            event: self.event.clone(),
            app: self.app.clone(),
            platform: self.platform.clone(),
            locale: self.locale.clone(),
        }
    }
}

/// The name of an event: parts of small letters, digits, `-` and `_` between dots.
pub(super) fn event(text: &str) -> Result<String, String> {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
    };
    if text.len() <= 100 && text.split('.').all(part) {
        Ok(text.to_owned())
    } else {
        Err("must be the name of an event such as order.confirmed".into())
    }
}

pub(super) async fn run(
    command: Command,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    match command {
        Command::List(args) => list(&args, connecting, console).await,
        Command::Set(args) => set(&args, connecting, console).await,
        Command::Remove(args) => remove(&args, connecting, console).await,
    }
}

async fn list(args: &ListArgs, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = args.database.connect(NAME, connecting).await?;
    let templates = storage.push_templates().await?;
    console.answer(&templates, || {
        let rows = templates.iter().map(|PushTemplate { key, title, body }| {
            [&key.event, &key.app, &key.platform, &key.locale, title, body].map(String::clone)
        });
        let heading = ["event", "app", "platform", "locale", "title", "body"];
        table(
            heading,
            rows.collect(),
            "no templates: every push has its built-in text",
        )
    })
}

async fn set(args: &SetArgs, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let event = &args.readers.event;
    Wording::read(event, &args.title, &args.body)
        .context("the template can't be taken; look at it with `waybillctl push preview`")?;
    let template = PushTemplate {
        key: args.readers.key(),
        title: args.title.clone(),
        body: args.body.clone(),
    };
    let storage = args.database.connect(NAME, connecting).await?;
    storage.put_push_template(&template, clock::now()).await?;
    console.answer(&template, || format!("template for {event} stored"))
}

async fn remove(args: &RemoveArgs, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = args.database.connect(NAME, connecting).await?;
    let key = args.readers.key();
    if !storage.remove_push_template(&key).await? {
        bail!(
            "there is no such template for {}; `waybillctl push templates list` names them",
            key.event
        );
    }
    console.answer(&json!({ "removed": key }), || {
        format!("template for {} removed", key.event)
    })
}
