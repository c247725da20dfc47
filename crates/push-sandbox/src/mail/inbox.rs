//! What arrived by mail, and what was turned away.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fault::{MailFault, MailFaultKind};

/// The last mails and refusals that are kept.
const KEPT: usize = 1_000;

/// One mail that arrived.
#[derive(Debug, Clone, Serialize)]
pub struct Mail {
    /// Counts up from 1.
    pub sequence: u64,
    /// When it arrived.
    pub at: Timestamp,
    /// The sender's address, from the envelope.
    pub from: String,
    /// The recipients, from the envelope.
    pub to: Vec<String>,
    /// The sender as the reader sees him.
    pub sender: String,
    /// What it is about.
    pub subject: String,
    /// Its id, without brackets.
    pub message_id: String,
    /// How often it came: a sender that had no answer sends it again under the same id, and a mailbox shows it once.
    pub copies: u32,
    /// All headers, unfolded.
    pub headers: BTreeMap<String, String>,
    /// The part in plain text.
    pub text: String,
    /// The part in HTML.
    pub html: Option<String>,
}

impl Mail {
    /// The addresses in its text, in their order.
    pub fn links(&self) -> Vec<&str> {
        let end = |c: char| c.is_whitespace() || "<>\"".contains(c);
        let words = self.text.split(end);
        words
            .filter(|word| word.starts_with("https://") || word.starts_with("http://"))
            .collect()
    }
}

/// Something that was turned away, and why.
#[derive(Debug, Clone, Serialize)]
pub struct MailRefusal {
    /// When.
    pub at: Timestamp,
    /// The reply's code.
    pub code: u16,
    /// The reply's text.
    pub why: String,
}

/// Which mails are wanted; an empty filter wants all.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailFilter {
    /// To that recipient.
    pub to: Option<String>,
    /// About that order: its id stands in the text.
    pub order: Option<String>,
    /// At that time or later.
    pub since: Option<Timestamp>,
    /// After that sequence number.
    pub after: Option<u64>,
}

impl MailFilter {
    /// Whether it wants that one.
    pub fn wants(&self, mail: &Mail) -> bool {
        let to = |wanted: &String| mail.to.iter().any(|to| to.eq_ignore_ascii_case(wanted));
        self.to.as_ref().is_none_or(to)
            && self.order.as_ref().is_none_or(|order| mail.text.contains(order))
            && self.since.is_none_or(|since| mail.at >= since)
            && self.after.is_none_or(|after| mail.sequence > after)
    }
}

/// Everything of the mail server that is remembered, in memory only.
#[derive(Default)]
pub(crate) struct Inbox(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    mails: VecDeque<Mail>,
    refusals: VecDeque<MailRefusal>,
    sequence: u64,
    fault: Option<MailFault>,
}

impl Inbox {
    /// Takes a mail; one that is here already under its id is counted.
    pub(crate) fn take(&self, mut mail: Mail) {
        let mut inner = self.lock();
        let known = |kept: &&mut Mail| kept.message_id == mail.message_id && kept.to == mail.to;
        if let Some(kept) = inner.mails.iter_mut().find(known) {
            kept.copies += 1;
            return;
        }
        inner.sequence += 1;
        mail.sequence = inner.sequence;
        keep(&mut inner.mails, mail);
    }

    pub(crate) fn refuse(&self, refusal: MailRefusal) {
        keep(&mut self.lock().refusals, refusal);
    }

    /// The mails a filter wants, oldest first.
    pub(crate) fn mails(&self, filter: &MailFilter) -> Vec<Mail> {
        let inner = self.lock();
        inner
            .mails
            .iter()
            .filter(|mail| filter.wants(mail))
            .cloned()
            .collect()
    }

    /// The mail of that number.
    pub(crate) fn mail(&self, sequence: u64) -> Option<Mail> {
        let inner = self.lock();
        inner.mails.iter().find(|mail| mail.sequence == sequence).cloned()
    }

    /// The refusals, oldest first.
    pub(crate) fn refusals(&self) -> Vec<MailRefusal> {
        self.lock().refusals.iter().cloned().collect()
    }

    /// Forgets what arrived; the fault stays.
    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        inner.mails.clear();
        inner.refusals.clear();
    }

    pub(crate) fn set_fault(&self, fault: Option<MailFault>) {
        self.lock().fault = fault.filter(|fault| fault.times != Some(0));
    }

    /// The fault of one of `kinds` that hits mail to `to`, counted down.
    pub(super) fn take_fault(&self, kinds: &[MailFaultKind], to: &[String]) -> Option<MailFault> {
        let mut inner = self.lock();
        let hit = inner.fault.clone().filter(|fault| fault.hits(kinds, to))?;
        if let Some(times) = inner.fault.as_mut().and_then(|fault| fault.times.as_mut()) {
            *times -= 1;
            if *times == 0 {
                inner.fault = None;
            }
        }
        Some(hit)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep<T>(kept: &mut VecDeque<T>, one: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(one);
}
