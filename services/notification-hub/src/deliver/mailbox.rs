//! Whom a notification reaches: a device that is still there, or a mailbox whose address is asked for now.

use messaging::HandlerError;
use storage::{Channel, Installation, MailTo};

use super::Sender;
use crate::gateway::Gateway;
use crate::mail;
use crate::notification::{Notification, What};
use crate::unavailable;

/// Whom a notification reaches.
pub(super) enum Found {
    /// It is there.
    There(Box<Installation>),
    /// That is not known yet, and why.
    NotYet(&'static str),
    /// Nobody any more, and why.
    Gone(&'static str),
}

impl<G: Gateway> Sender<G> {
    /// The mailbox, with its address as it is now: it travels in no message.
    pub(super) async fn mailbox(&self, notification: &Notification) -> Result<Found, HandlerError> {
        let what = &notification.what;
        let Some(customer) = what.customer() else {
            return Ok(Found::Gone("it is for nobody in particular"));
        };
        let to = match what {
            What::Order(event) => self.storage.mail_of_order(event.order).await,
            What::News(_) => self.storage.mail_of_customer(customer).await,
        };
        Ok(match to.map_err(unavailable)? {
            // The processor is away; what it decides then is told in place of this.
            MailTo::Unknown => Found::NotYet("the order is not stored yet"),
            MailTo::Nobody => Found::Gone("its customer has no address"),
            MailTo::Address { email, locale } => {
                let mailbox = mail::mailbox(what, customer);
                Found::There(Box::new(Installation {
                    channel: Channel::Email { address: email },
                    locale: locale.unwrap_or(mailbox.locale),
                    ..mailbox
                }))
            }
        })
    }
}
