//! Signing in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Session, Step, reply};
use crate::mail::fault::MailFaultKind;

const MAX_WRONG_PASSWORDS: u32 = 3;

impl Session<'_> {
    pub(super) fn auth(&mut self, rest: &str) -> Step {
        if self.signed_in || self.envelope.from.is_some() {
            return reply("503 5.5.1 not now");
        }
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        match (mechanism.eq_ignore_ascii_case("PLAIN"), initial) {
            (false, _) => reply("504 5.5.4 only PLAIN is known"),
            (true, "") => Step::Challenge,
            (true, initial) => self.plain(initial),
        }
    }

    /// RFC 4616: an identity, a name and a password with a zero between each.
    pub(super) fn plain(&mut self, answer: &str) -> Step {
        let credentials = &self.server.credentials;
        let wanted = format!("\0{}\0{}", credentials.user, credentials.password);
        let shown = STANDARD.decode(answer).unwrap_or_default();
        let inbox = &self.server.state.inbox;
        let fault = inbox.take_fault(&[MailFaultKind::SignIn], &[]);
        if shown == wanted.as_bytes() && fault.is_none() {
            self.signed_in = true;
            return reply("235 2.7.0 welcome");
        }
        self.wrong_passwords += 1;
        let refused = "535 5.7.8 the name or the password is wrong";
        if self.wrong_passwords == MAX_WRONG_PASSWORDS {
            return Step::Close(refused.to_owned());
        }
        reply(refused)
    }
}
