//! A conversation: what may be said when, and what is answered.

mod auth;

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

use super::commands::{self, Verb};
use super::content;
use super::fault::MailFaultKind;
use super::inbox::MailRefusal;
use super::path::{self, is_domain};
use super::server::MailServer;
use super::talk::{MAX_AUTH_LINE, Talk};

/// RFC 5321, section 4.5.3.1.4, with what SIZE and BODY add.
const MAX_COMMAND_LINE: usize = 512 + 64;
const MAX_RECIPIENTS: usize = 100;

/// How a conversation ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It is over.
    Closed,
    /// It goes on over TLS.
    StartTls,
}

/// What a command leads to.
enum Step {
    /// This is answered.
    Reply(String),
    /// This is answered, and the connection closed.
    Close(String),
    /// The client's next line is its answer to a challenge.
    Challenge,
    /// The mail's content follows.
    Content,
    /// TLS follows.
    StartTls,
}

/// The mail that is being handed over.
#[derive(Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
    is_8bit: bool,
}

/// A conversation on one connection, before TLS or after.
pub(super) struct Session<'a> {
    server: &'a MailServer,
    secure: bool,
    greeted: bool,
    signed_in: bool,
    wrong_passwords: u32,
    envelope: Envelope,
}

impl<'a> Session<'a> {
    pub(super) fn new(server: &'a MailServer, secure: bool) -> Self {
        Self {
            server,
            secure,
            greeted: false,
            signed_in: false,
            wrong_passwords: 0,
            envelope: Envelope::default(),
        }
    }

    pub(super) async fn run<S>(&mut self, talk: &mut Talk<S>) -> io::Result<End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        while let Some(line) = talk.line().await? {
            let text = line.content().and_then(|line| str::from_utf8(line).ok());
            let step = match text {
                Some(text) => self.command(text),
                None => reply("500 5.5.2 a command is one line of text that ends with CRLF"),
            };
            match step {
                Step::Reply(reply) => self.say(talk, &reply).await?,
                Step::Close(reply) => {
                    self.say(talk, &reply).await?;
                    return Ok(End::Closed);
                }
                Step::StartTls => {
                    talk.say("220 2.0.0 go ahead").await?;
                    return Ok(End::StartTls);
                }
                Step::Challenge => {
                    talk.say("334 ").await?;
                    let Some(answer) = talk.line().await? else { break };
                    let answer = answer.content().and_then(|line| str::from_utf8(line).ok());
                    if let Step::Reply(text) | Step::Close(text) = self.plain(answer.unwrap_or_default()) {
                        self.say(talk, &text).await?;
                    }
                }
                Step::Content => {
                    if !self.content(talk).await? {
                        break;
                    }
                }
            }
        }
        Ok(End::Closed)
    }

    /// Answers, and remembers what was turned away.
    async fn say<S>(&self, talk: &mut Talk<S>, reply: &str) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let code = reply.get(..3).and_then(|code| code.parse().ok());
        if let Some(code @ 400..) = code {
            let (state, why) = (&self.server.state, reply[3..].trim().to_owned());
            tracing::info!(code, why, "refused mail");
            state.inbox.refuse(MailRefusal {
                at: state.now(),
                code,
                why,
            });
            state.tell_of_mail();
        }
        talk.say(reply).await
    }

    fn command(&mut self, line: &str) -> Step {
        let Some((verb, rest)) = commands::parse(line) else {
            return reply("500 5.5.2 no such command");
        };
        let most = if verb == Verb::Auth {
            MAX_AUTH_LINE
        } else {
            MAX_COMMAND_LINE
        };
        if line.len() + 2 > most {
            return reply("500 5.5.2 the line is too long");
        }
        let bare = matches!(verb, Verb::StartTls | Verb::Data | Verb::Rset | Verb::Quit);
        if bare && !rest.is_empty() {
            return reply("501 5.5.4 nothing stands behind that command");
        }
        match verb {
            Verb::Quit => Step::Close("221 2.0.0 good bye".to_owned()),
            Verb::Noop => reply("250 2.0.0 ok"),
            Verb::Ehlo | Verb::Helo => self.hello(verb, rest),
            _ if !self.greeted => reply("503 5.5.1 say EHLO first"),
            Verb::StartTls if self.secure => reply("503 5.5.1 it is secured already"),
            Verb::StartTls => Step::StartTls,
            Verb::Rset => {
                self.envelope = Envelope::default();
                reply("250 2.0.0 ok")
            }
            Verb::Vrfy => reply("252 2.1.5 that is not told"),
            _ if !self.secure => reply("530 5.7.0 say STARTTLS first"),
            Verb::Auth => self.auth(rest),
            _ if !self.signed_in => reply("530 5.7.0 sign in first"),
            Verb::Mail => self.mail(rest),
            Verb::Rcpt => self.recipient(rest),
            Verb::Data if self.envelope.to.is_empty() => reply("503 5.5.1 say MAIL and RCPT first"),
            Verb::Data => Step::Content,
        }
    }

    fn hello(&mut self, verb: Verb, name: &str) -> Step {
        let literal = name.starts_with('[') && name.ends_with(']');
        if !literal && !is_domain(name) {
            return reply("501 5.5.4 say your name");
        }
        self.greeted = true;
        self.envelope = Envelope::default();
        if verb == Verb::Helo {
            return reply("250 localhost");
        }
        let last = if self.secure { "AUTH PLAIN" } else { "STARTTLS" };
        Step::Reply(format!(
            "250-localhost\r\n250-SIZE {}\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 {last}",
            content::MAX_BYTES
        ))
    }

    fn mail(&mut self, rest: &str) -> Step {
        if self.envelope.from.is_some() {
            return reply("503 5.5.1 there is a mail already");
        }
        let Some(path) = path::parse(rest, "FROM:") else {
            return reply("501 5.1.7 wanted FROM:<local@domain>");
        };
        let mut is_8bit = false;
        for (name, value) in &path.parameters {
            match (name.as_str(), *value) {
                ("BODY", "7BIT") => {}
                ("BODY", "8BITMIME") => is_8bit = true,
                ("SIZE", size) => match size.parse::<usize>() {
                    Ok(size) if size > content::MAX_BYTES => {
                        return reply("552 5.3.4 the mail is too large");
                    }
                    Ok(_) => {}
                    Err(_) => return reply("501 5.5.4 SIZE is a number"),
                },
                _ => return reply("555 5.5.4 no such parameter"),
            }
        }
        let inbox = &self.server.state.inbox;
        if inbox.take_fault(&[MailFaultKind::ShuttingDown], &[]).is_some() {
            return Step::Close("421 4.3.2 the server is shutting down".to_owned());
        }
        self.envelope = Envelope {
            from: Some(path.address.to_owned()),
            to: Vec::new(),
            is_8bit,
        };
        reply("250 2.1.0 ok")
    }

    fn recipient(&mut self, rest: &str) -> Step {
        if self.envelope.from.is_none() {
            return reply("503 5.5.1 say MAIL first");
        }
        let Some(path) = path::parse(rest, "TO:") else {
            return reply("501 5.1.3 wanted TO:<local@domain>");
        };
        if !path.parameters.is_empty() {
            return reply("555 5.5.4 no such parameter");
        }
        if self.envelope.to.len() == MAX_RECIPIENTS {
            return reply("452 4.5.3 too many recipients");
        }
        let (to, inbox) = (path.address.to_owned(), &self.server.state.inbox);
        let kinds = [MailFaultKind::Busy, MailFaultKind::NoMailbox];
        match inbox.take_fault(&kinds, std::slice::from_ref(&to)) {
            Some(fault) if fault.kind == MailFaultKind::Busy => reply("450 4.2.1 the mailbox is busy"),
            Some(_) => reply("550 5.1.1 there is no such mailbox"),
            None => {
                self.envelope.to.push(to);
                reply("250 2.1.5 ok")
            }
        }
    }

    /// Takes the mail that follows. Gives whether the conversation goes on.
    async fn content<S>(&mut self, talk: &mut Talk<S>) -> io::Result<bool>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        talk.say("354 end with a line that is a single dot").await?;
        let Some(read) = content::read(talk).await? else {
            return Ok(false);
        };
        let Envelope { from, to, is_8bit } = std::mem::take(&mut self.envelope);
        let (state, from) = (&self.server.state, from.unwrap_or_default());
        let taken = read.and_then(|content| content::look_into(&content, &from, &to, is_8bit, state.now()));
        let mail = match taken {
            Ok(mail) => mail,
            Err(wrong) => {
                self.say(talk, wrong).await?;
                return Ok(true);
            }
        };
        let kinds = [MailFaultKind::Policy, MailFaultKind::Slow, MailFaultKind::Drop];
        let fault = state.inbox.take_fault(&kinds, &to);
        if fault
            .as_ref()
            .is_some_and(|fault| fault.kind == MailFaultKind::Policy)
        {
            self.say(talk, "554 5.7.1 refused for what it is").await?;
            return Ok(true);
        }
        state.inbox.take(mail);
        state.tell_of_mail();
        match fault {
            Some(fault) if fault.kind == MailFaultKind::Drop => return Ok(false),
            Some(fault) => tokio::time::sleep(fault.delay()).await,
            None => {}
        }
        talk.say("250 2.0.0 taken").await?;
        Ok(true)
    }
}

fn reply(text: &str) -> Step {
    Step::Reply(text.to_owned())
}
