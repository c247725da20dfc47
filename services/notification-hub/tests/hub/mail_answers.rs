//! What each answer of a mail server means, over real SMTP and TLS.

use std::time::Duration;

use chassis::clock;
use notification_hub::gateway::email::Subject;
use notification_hub::gateway::{Answer, Gateway, Kind, Push};
use push_sandbox::{MailFault, MailFaultKind, MailFilter};
use push_texts::Text;
use storage::Channel;
use uuid::Uuid;

use crate::providers::Providers;

const ADA: &str = "ada@example.org";

fn push(to: &str) -> Push {
    Push {
        id: clock::random_id(),
        app: "mail".into(),
        channel: Channel::Email { address: to.into() },
        environment: "production".into(),
        collapse: "order".into(),
        data: Vec::new(),
        urgent: true,
        kind: Kind::Alert,
        text: Text {
            title: "Tea & <cups>".into(),
            body: "It's \"on\" its way".into(),
        },
        locale: "en".into(),
        subject: Some(Subject::Order(domain::OrderId(Uuid::from_u128(7)))),
        deadline: clock::now() + Duration::from_secs(1800),
    }
}

#[tokio::test]
async fn each_answer_of_the_mail_server_means_one_thing() {
    let providers = Providers::start().await;
    let gateway = providers.gateways(&providers.mail_flags()).await.email.unwrap();
    let answer = async |kind, push: &Push| {
        let fault = MailFault::new(kind).times(1);
        providers.sandbox.set_mail_fault(Some(fault));
        gateway.send(push, clock::now()).await
    };
    let mail = push(ADA);
    for _ in 0..2 {
        // A fresh connection, then the one that was kept.
        let sent = gateway.send(&mail, clock::now()).await;
        assert_eq!(
            sent,
            Answer::Sent {
                id: Some("2.0.0 taken".into())
            }
        );
    }
    for (kind, word) in [
        (MailFaultKind::Busy, "retry"),
        (MailFaultKind::NoMailbox, "gone"),
        (MailFaultKind::Policy, "refused"),
        (MailFaultKind::Drop, "unknown"),
        (MailFaultKind::SignIn, "barred"),
    ] {
        let answer = answer(kind, &push(ADA)).await;
        assert_eq!(answer.word(), word, "{kind:?}: {answer:?}");
    }
    let again = push(ADA);
    assert_eq!(answer(MailFaultKind::Drop, &again).await.word(), "unknown");
    assert_eq!(gateway.send(&again, clock::now()).await.word(), "sent");
    let arrived = providers.sandbox.mails(&MailFilter::default());
    let copies: Vec<_> = arrived.iter().map(|mail| mail.copies).collect();
    assert_eq!(
        copies,
        [2, 1, 2],
        "a repeat has the same id, so a mailbox shows it once"
    );
    assert_eq!(arrived[0].text.lines().next(), Some("Tea & <cups>"));
    assert!(
        arrived[0]
            .html
            .as_ref()
            .unwrap()
            .contains("Tea &#38; &#60;cups&#62;")
    );
    for wrong in ["", "ada", "ada@", "a b@example.org"] {
        let answer = gateway.send(&push(wrong), clock::now()).await;
        assert!(
            matches!(&answer, Answer::Refused { why } if !why.contains(wrong) || wrong.is_empty()),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_mail_server_that_shuts_down_is_asked_again_on_another_connection() {
    let providers = Providers::start().await;
    let gateway = providers.gateways(&providers.mail_flags()).await.email.unwrap();
    assert_eq!(gateway.send(&push(ADA), clock::now()).await.word(), "sent");
    let shut = MailFault::new(MailFaultKind::ShuttingDown);
    providers.sandbox.set_mail_fault(Some(shut.clone().times(1)));
    let answer = gateway.send(&push(ADA), clock::now()).await;
    assert_eq!(answer.word(), "sent", "{answer:?}");
    providers.sandbox.set_mail_fault(Some(shut));
    let answer = gateway.send(&push(ADA), clock::now()).await;
    assert_eq!(answer.word(), "retry", "{answer:?}");
    providers.sandbox.set_mail_fault(None);
    let answer = gateway.send(&push(ADA), clock::now()).await;
    assert_eq!(answer.word(), "sent", "{answer:?}");
}

#[tokio::test]
async fn without_the_local_ca_or_the_password_nothing_is_sent() {
    let providers = Providers::start().await;
    let flags = providers.mail_flags();
    let without = |name: &str| -> Vec<_> {
        let kept = flags.iter().filter(|flag| !flag.starts_with(name));
        kept.cloned().collect()
    };
    let stranger = providers
        .gateways(&without("--push-root-ca"))
        .await
        .email
        .unwrap();
    assert_eq!(stranger.send(&push(ADA), clock::now()).await.word(), "retry");
    let nameless = providers.gateways(&without("--smtp-")).await.email;
    assert!(nameless.is_none(), "without a server it is switched off");
    let mut nobody = without("--smtp-user");
    nobody.retain(|flag| !flag.starts_with("--smtp-password-file"));
    let nobody = providers.gateways(&nobody).await.email.unwrap();
    assert_eq!(nobody.send(&push(ADA), clock::now()).await.word(), "barred");
    assert!(providers.sandbox.mails(&MailFilter::default()).is_empty());
}
