//! A mail as its reader sees it: text and HTML, with the order's link in it.

use askama::Template;
use domain::{Customer, OrderId};
use identity::{NewsStops, OrderSecrets, ServerKey};
use jiff::Timestamp;
use lettre::Message;
use lettre::address::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::extension::ClientId;
use url::Url;
use uuid::Uuid;

use super::connections::Letter;
use super::content::Content;
use super::words::{Words, of};
use push_texts::{Language, Text};

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// An order of the reader's.
    Order(OrderId),
    /// Something that this customer asked to be told of.
    Wish(Customer),
    /// Product news to this customer, who can stop them.
    News(Customer),
}

/// Where the links in mails lead.
#[derive(Debug, Clone)]
pub struct Links {
    shop: String,
    secrets: OrderSecrets,
    stops: NewsStops,
}

impl Links {
    /// To the shop at `shop`, with secrets made with `key`.
    pub fn new(shop: &Url, key: &ServerKey) -> Self {
        Self {
            shop: shop.as_str().trim_end_matches('/').to_owned(),
            secrets: OrderSecrets::new(key.clone()),
            stops: NewsStops::new(key.clone()),
        }
    }

    /// To an order, for whoever has the link.
    pub fn order(&self, order: OrderId) -> String {
        format!("{}/orders/{order}?secret={}", self.shop, self.secrets.mint(order))
    }

    /// To the page where `customer` stops product news, signed in or not.
    pub fn stop_news(&self, customer: Customer) -> String {
        format!("{}/news/stop?token={}", self.shop, self.stops.mint(customer))
    }
}

/// Writes mails.
#[derive(Debug, Clone)]
pub(super) struct Letters {
    pub(super) from: Mailbox,
    pub(super) links: Links,
}

#[derive(Template)]
#[template(path = "mail.txt")]
struct Plain<'a> {
    page: &'a Page<'a>,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    page: &'a Page<'a>,
}

/// What both parts say.
struct Page<'a> {
    shop: &'a str,
    title: &'a str,
    body: &'a str,
    words: &'static Words,
    order: Option<Order>,
    why: &'static str,
    stop: Option<String>,
}

struct Order {
    number: String,
    link: String,
}

impl Letters {
    /// The name by which to greet the mail server.
    pub(super) fn hello(&self) -> ClientId {
        ClientId::Domain(self.from.email.domain().to_owned())
    }

    /// The mail `id` about `subject`, which says `text`, to `to`. Fails in words.
    pub(super) fn write(
        &self,
        id: Uuid,
        subject: Subject,
        text: &Text,
        language: Language,
        to: Address,
        now: Timestamp,
    ) -> Result<Letter, String> {
        let message = self.message(id, subject, text, language, to, now)?;
        Ok(Letter {
            envelope: message.envelope().clone(),
            content: Content::new(std::str::from_utf8(&message.formatted()).map_err(words)?),
        })
    }

    fn message(
        &self,
        id: Uuid,
        subject: Subject,
        text: &Text,
        language: Language,
        to: Address,
        now: Timestamp,
    ) -> Result<Message, String> {
        let (page, domain) = (self.page(subject, text, language), self.from.email.domain());
        let mut message = Message::builder()
            .message_id(Some(format!("<{id}@{domain}>")))
            .date(now.into())
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(match &page.order {
                Some(order) => format!("{} · {}", text.title, order.number),
                None => text.title.clone(),
            })
            // RFC 3834: nobody's holiday notice comes back.
            .raw_header(raw("Auto-Submitted", "auto-generated".into()))
            .raw_header(raw("Content-Language", page.words.code.into()));
        if let Subject::Order(order) = subject {
            // The mails about one order stand together.
            message = message.references(format!("<order-{order}@{domain}>"));
        }
        if let Some(stop) = &page.stop {
            // RFC 8058: the mail program itself offers to stop them.
            message = message
                .raw_header(raw("List-Unsubscribe", format!("<{stop}>")))
                .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into()));
        }
        let (plain, html) = (Plain { page: &page }.render(), Html { page: &page }.render());
        let (plain, html) = (plain.map_err(words)?, html.map_err(words)?);
        message
            .multipart(
                MultiPart::alternative()
                    .singlepart(part(ContentType::TEXT_PLAIN, plain))
                    .singlepart(part(ContentType::TEXT_HTML, html)),
            )
            .map_err(words)
    }

    fn page<'a>(&'a self, subject: Subject, text: &'a Text, language: Language) -> Page<'a> {
        let words = of(language);
        let (why, order, stop) = match subject {
            Subject::Order(id) => (
                words.because_ordered,
                Some(Order {
                    number: id.to_string()[..8].to_uppercase(),
                    link: self.links.order(id),
                }),
                None,
            ),
            Subject::Wish(_) => (words.because_wished, None, None),
            Subject::News(customer) => (words.because_news, None, Some(self.links.stop_news(customer))),
        };
        Page {
            shop: self.from.name.as_deref().unwrap_or(self.from.email.domain()),
            title: &text.title,
            body: &text.body,
            words,
            order,
            why,
            stop,
        }
    }
}

fn words(error: impl std::fmt::Display) -> String {
    format!("the mail can't be written: {error}")
}

fn part(kind: ContentType, text: String) -> SinglePart {
    SinglePart::builder().header(kind).body(text)
}

/// A header of plain ASCII that must stand as it is: an address must not be broken over lines.
fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}
