//! The mail server, line by line over a real connection.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use push_sandbox::{MailFault, MailFaultKind, MailFilter};
use serde_json::json;

use crate::Wire;
use crate::smtp::{Client, signed_in};

const MAIL: &str = "From: Waybill <orders@waybill.example>\r\nTo: ada@example.org\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\
                    Message-ID: <one@waybill.example>\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\r\n\r\nSee https://shop.example/orders/42?secret=s now\r\n";

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let wire = Wire::start().await;
    let mut client = signed_in(&wire).await;
    let stuffed = MAIL.replace("See ", "..a line with a dot\r\nSee ");
    client.hand_over(&stuffed, 250).await;
    client.hand_over(&stuffed, 250).await;
    client.expect("QUIT", 221).await;
    let [mail] = wire.sandbox.mails(&MailFilter::default()).try_into().unwrap();
    assert_eq!(
        (
            mail.subject.as_str(),
            mail.sender.as_str(),
            mail.message_id.as_str()
        ),
        ("Grüße", "Waybill <orders@waybill.example>", "one@waybill.example")
    );
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        (
            "orders@waybill.example",
            ["ada@example.org".to_owned()].as_slice()
        )
    );
    assert!(mail.text.starts_with(".a line with a dot\r\n"), "{:?}", mail.text);
    assert_eq!(mail.links(), ["https://shop.example/orders/42?secret=s"]);
    assert_eq!(
        (mail.copies, mail.html),
        (2, None),
        "the same id is the same mail"
    );

    let found = async |query: &str| {
        wire.get(&format!("/inbox?{query}"))
            .await
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(found("to=Ada@Example.org&order=42").await, 1);
    assert_eq!(found("to=eve@example.org").await, 0);
    assert_eq!(found("order=43").await, 0);
    assert_eq!(found("after=1").await, 0);
    let odd = wire
        .http
        .get(format!("{}/inbox?colour=red", wire.sandbox.http_url));
    assert_eq!(odd.send().await.unwrap().status().as_u16(), 400);
}

#[tokio::test]
async fn nothing_is_taken_before_it_is_its_turn() {
    let wire = Wire::start().await;
    let mut plain = Client::open(&wire).await;
    plain.expect("MAIL FROM:<a@b.example>", 503).await;
    plain.expect("EHLO", 501).await;
    plain.expect("EHLO not_a_host", 501).await;
    let hello = plain.expect("EHLO hub.example", 250).await;
    assert!(hello.contains("STARTTLS") && !hello.contains("AUTH"), "{hello}");
    plain.expect("MAIL FROM:<a@b.example>", 530).await;
    plain.expect("AUTH PLAIN AGEAYg==", 530).await;
    plain.expect("DATA now", 501).await;
    plain.expect("BREW coffee", 500).await;
    plain.expect("VRFY ada", 252).await;
    plain.expect(&format!("NOOP {}", "x".repeat(600)), 500).await;

    let mut client = Client::open(&wire).await.secured(&wire).await;
    client.expect("MAIL FROM:<a@b.example>", 503).await;
    let hello = client.expect("EHLO hub.example", 250).await;
    assert!(
        hello.contains("AUTH PLAIN") && !hello.contains("STARTTLS"),
        "{hello}"
    );
    client.expect("STARTTLS", 503).await;
    client.expect("MAIL FROM:<a@b.example>", 530).await;
    client.sign_in(&wire).await;
    client.expect("RCPT TO:<a@b.example>", 503).await;
    client.expect("DATA", 503).await;
    client.expect("MAIL FROM: <a@b.example>", 501).await;
    client.expect("MAIL FROM:<a@b.example> SIZE=99999999", 552).await;
    client.expect("MAIL FROM:<a@b.example> COLOUR=red", 555).await;
    client
        .expect("MAIL FROM:<a@b.example> SIZE=10 BODY=8BITMIME", 250)
        .await;
    client.expect("MAIL FROM:<a@b.example>", 503).await;
    client.expect("RCPT TO:<nobody>", 501).await;
    client.expect("RCPT TO:<a@b.example>", 250).await;
    client.expect("RSET", 250).await;
    client.expect("DATA", 503).await;
    assert!(wire.sandbox.mails(&MailFilter::default()).is_empty());
    assert!(wire.sandbox.mail_refusals().len() > 15);
}

#[tokio::test]
async fn commands_that_came_before_tls_are_not_taken_after_it() {
    let wire = Wire::start().await;
    let mut client = Client::open(&wire).await;
    client.expect("EHLO hub.example", 250).await;
    client
        .send(b"STARTTLS\r\nMAIL FROM:<mallory@b.example>\r\n")
        .await;
    assert_eq!(client.reply().await.0, 220);
    assert_eq!(client.reply().await.0, 0, "it hangs up");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_soon_the_connection() {
    let wire = Wire::start().await;
    let mut client = Client::open(&wire).await.secured(&wire).await;
    client.expect("EHLO hub.example", 250).await;
    client.expect("AUTH LOGIN", 504).await;
    client.expect("AUTH PLAIN", 334).await;
    client.expect(&STANDARD.encode("\0hub\0wrong"), 535).await;
    client.expect("AUTH PLAIN !", 535).await;
    client.expect("AUTH PLAIN AGEAYg==", 535).await;
    assert_eq!(client.reply().await.0, 0, "after the third");
}

#[tokio::test]
async fn a_mail_that_is_not_as_the_standards_say_is_refused() {
    let wire = Wire::start().await;
    let mut client = signed_in(&wire).await;
    for header in ["From", "Date", "Message-ID"] {
        let line = MAIL.lines().find(|line| line.starts_with(header)).unwrap();
        let without = MAIL.replace(&format!("{line}\r\n"), "");
        client.hand_over(&without, 554).await;
        client.hand_over(&format!("{line}\r\n{MAIL}"), 554).await;
    }
    let foreign = MAIL.replace("orders@waybill.example>\r\nTo", "orders@other.example>\r\nTo");
    client.hand_over(&foreign, 550).await;
    client
        .hand_over(&format!("{MAIL}{}\r\n", "x".repeat(999)), 500)
        .await;
    client
        .hand_over(&format!("{MAIL}{}\r\n", "x".repeat(998)), 250)
        .await;
    client.hand_over(&format!("{MAIL}gr\u{fc}n\r\n"), 554).await;
    client.hand_over(&format!("{MAIL}one\ntwo\r\n"), 554).await;
    client.hand_over(&format!("{MAIL}one\rtwo\r\n"), 554).await;
    // What a lenient server would take for the end of the mail, and for another mail.
    client
        .hand_over(&format!("{MAIL}\n.\nMAIL FROM:<mallory@b.example>\r\n"), 554)
        .await;
    let large = format!("{MAIL}{}", format!("{}\r\n", "x".repeat(998)).repeat(1_100));
    client.hand_over(&large, 552).await;
    assert_eq!(wire.sandbox.mails(&MailFilter::default()).len(), 1);
}

#[tokio::test]
async fn faults_come_on_demand_for_those_they_are_meant_for() {
    let wire = Wire::start().await;
    let mut client = signed_in(&wire).await;
    let fault = async |fault: serde_json::Value| {
        let put = wire
            .http
            .put(format!("{}/inbox/fault", wire.sandbox.http_url))
            .json(&fault);
        assert_eq!(put.send().await.unwrap().status().as_u16(), 200);
    };
    fault(json!({ "kind": "450", "to": "ADA@example.org", "times": 1 })).await;
    client.expect("MAIL FROM:<orders@waybill.example>", 250).await;
    client.expect("RCPT TO:<eve@example.org>", 250).await;
    client.expect("RCPT TO:<ada@example.org>", 450).await;
    client.expect("RCPT TO:<ada@example.org>", 250).await;
    client.expect("RSET", 250).await;
    fault(json!({ "kind": "550" })).await;
    client.expect("MAIL FROM:<orders@waybill.example>", 250).await;
    client.expect("RCPT TO:<ada@example.org>", 550).await;
    client.expect("RSET", 250).await;
    fault(json!({ "kind": "554", "times": 1 })).await;
    client.hand_over(MAIL, 554).await;
    fault(json!({ "kind": "slow", "delay_ms": 1, "times": 1 })).await;
    client.hand_over(MAIL, 250).await;
    wire.sandbox
        .set_mail_fault(Some(MailFault::new(MailFaultKind::Drop).times(1)));
    client.hand_over(MAIL, 0).await;
    let mails = wire.sandbox.mails(&MailFilter::default());
    assert_eq!((mails.len(), mails[0].copies), (1, 2), "taken before it was cut");

    wire.sandbox
        .set_mail_fault(Some(MailFault::new(MailFaultKind::ShuttingDown).times(1)));
    let mut client = signed_in(&wire).await;
    client.expect("MAIL FROM:<orders@waybill.example>", 421).await;
    assert_eq!(client.reply().await.0, 0);
}

#[tokio::test]
async fn the_page_shows_what_arrived_and_lets_no_mail_load_anything() {
    let wire = Wire::start().await;
    let mut client = signed_in(&wire).await;
    let html = MAIL.replace(
        "Subject:",
        "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nSubject:",
    );
    client
        .hand_over(
            &html.replace("See", "<p style=\"color:red\">See<script>x</script>"),
            250,
        )
        .await;
    let url = &wire.sandbox.http_url;
    let page = wire.http.get(url).send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("Grüße") && page.contains("src=\"/inbox/1/html\""),
        "{page}"
    );
    assert!(!page.contains("<script>x"), "{page}");
    let frame = wire.http.get(format!("{url}/inbox/1/html")).send().await.unwrap();
    let policy = frame.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("sandbox allow-popups"),
        "{policy}"
    );
    assert!(
        !policy.contains("script-src") && !policy.contains("allow-scripts"),
        "{policy}"
    );
    assert!(frame.text().await.unwrap().contains("color:red"));
    let none = wire.http.get(format!("{url}/inbox/2/html")).send().await.unwrap();
    assert_eq!(none.status().as_u16(), 404);
}
