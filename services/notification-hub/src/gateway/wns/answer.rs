//! What WNS answers, read: the status, and `X-WNS-Status`, because a push that was dropped is answered 200 too.

use std::time::Duration;

use super::Answer;

/// An answer's status and the headers that matter.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub status: u16,
    pub wns_status: Option<String>,
    pub description: Option<String>,
    pub id: Option<String>,
    pub after: Option<Duration>,
}

/// What an answer means.
pub(super) fn classify(seen: Seen, body: &str) -> Answer {
    let said = seen
        .description
        .unwrap_or_else(|| body.chars().take(200).collect());
    let why = if said.is_empty() {
        format!("WNS answered {}", seen.status)
    } else {
        format!("{} {said}", seen.status)
    };
    match seen.status {
        200 => taken(seen.wns_status.as_deref(), seen.id, seen.after),
        // This is about us and would make every device look dead.
        404 | 410 if is_domain_blocked(&said) || is_domain_blocked(body) => Answer::Barred { why },
        404 | 410 => Answer::Gone { as_of: None, why },
        401 => Answer::Barred { why },
        406 | 429 | 500.. => Answer::Retry {
            after: seen.after,
            why,
        },
        _ => Answer::Refused { why },
    }
}

fn taken(wns_status: Option<&str>, id: Option<String>, after: Option<Duration>) -> Answer {
    let is = |word: &str| wns_status.is_some_and(|status| status.eq_ignore_ascii_case(word));
    if is("dropped") {
        Answer::Refused {
            why: "WNS dropped it: the app or its user does not want notifications".into(),
        }
    } else if is("channelthrottled") {
        Answer::Retry {
            after,
            why: "WNS throttles the channel".into(),
        }
    } else {
        Answer::Sent { id }
    }
}

fn is_domain_blocked(said: &str) -> bool {
    said.to_ascii_lowercase().contains("domain blocked")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(status: u16) -> Seen {
        Seen {
            status,
            ..Seen::default()
        }
    }

    #[test]
    fn two_hundred_is_no_promise() {
        let with = |word: &str| {
            classify(
                Seen {
                    wns_status: Some(word.into()),
                    ..seen(200)
                },
                "",
            )
        };
        assert_eq!(with("received"), Answer::Sent { id: None });
        assert!(matches!(with("dropped"), Answer::Refused { .. }));
        assert!(matches!(with("channelthrottled"), Answer::Retry { .. }));
    }

    #[test]
    fn a_channel_is_gone_but_for_a_blocked_domain() {
        assert!(matches!(classify(seen(404), ""), Answer::Gone { .. }));
        assert!(matches!(classify(seen(410), ""), Answer::Gone { .. }));
        let blocked = Seen {
            description: Some("Domain Blocked".into()),
            ..seen(410)
        };
        assert!(matches!(classify(blocked, ""), Answer::Barred { .. }));
        assert!(matches!(
            classify(seen(410), "<h2>Domain Blocked</h2>"),
            Answer::Barred { .. }
        ));
    }

    #[test]
    fn throttling_keeps_the_wait_that_was_asked_for() {
        let wait = Some(Duration::from_secs(7));
        for status in [406, 503] {
            let answer = classify(
                Seen {
                    after: wait,
                    ..seen(status)
                },
                "",
            );
            assert!(
                matches!(answer, Answer::Retry { after, .. } if after == wait),
                "{status}"
            );
        }
    }

    #[test]
    fn a_push_that_is_wrong_is_not_repeated() {
        for status in [400, 403, 405, 413] {
            assert!(
                matches!(classify(seen(status), ""), Answer::Refused { .. }),
                "{status}"
            );
        }
    }

    /// "Push notification service request and response headers": every status, and every word of `X-WNS-Status` with 200.
    #[test]
    fn every_answer_has_its_meaning() {
        for (status, said, word) in [
            (200, Some("received"), "sent"),
            (200, Some("dropped"), "refused"),
            (200, Some("channelthrottled"), "retry"),
            (200, None, "sent"),
            (400, Some("dropped"), "refused"),
            (401, Some("dropped"), "barred"),
            (403, Some("dropped"), "refused"),
            (404, Some("dropped"), "gone"),
            (405, None, "refused"),
            (406, Some("channelthrottled"), "retry"),
            (410, Some("dropped"), "gone"),
            (413, Some("dropped"), "refused"),
            (414, None, "refused"),
            (429, None, "retry"),
            (500, None, "retry"),
            (503, Some("dropped"), "retry"),
        ] {
            let seen = Seen {
                wns_status: said.map(str::to_owned),
                ..seen(status)
            };
            assert_eq!(classify(seen, "").word(), word, "{status} {said:?}");
        }
    }
}
