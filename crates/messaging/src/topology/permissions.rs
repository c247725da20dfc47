//! What each user of NATS may do, made from the streams and consumers, as the server's configuration.

use std::fmt::Write as _;

use super::{
    CATALOG, CATALOG_CONSUMER, ConsumerPlan, DEAD_LETTERS, EVENTS, HUB_CONSUMER, NOTIFICATIONS, ORDERS,
    PLATFORMS, SCHEDULES, WISHES_CONSUMER, consumers,
};
use crate::keys::{KeyError, PublicKey, PublicKeys, User};

/// The first line of what [`configuration`] gives.
const HEAD: &str = "# Made by `waybillctl topology permissions`: change the topology, not this.";

/// Subjects, as the server matches them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    /// What the user may publish, requests and acknowledgements included.
    pub publish: Vec<String>,
    /// What he may not publish although [`Self::publish`] has it.
    pub withheld: Vec<String>,
    /// What he may subscribe to. Messages of streams come to his inbox.
    pub subscribe: Vec<String>,
}

/// What `user` may do; `None` for everything.
///
/// The server does not look at who may read a consumer's messages once it exists, so a user that could make any could read anything:
/// the front doors may make some of one filter, nobody else but the operator any.
pub fn rights(user: User) -> Option<Rights> {
    let own = match user {
        User::Operator => return None,
        User::WebFrontend | User::RestApi => front_door(),
        User::OrderProcessor => {
            // Counts them, for an alarm.
            let letters = format!("$JS.API.STREAM.INFO.{DEAD_LETTERS}");
            // What erased customers wanted later is taken back, and their orders are told to lose what is personal.
            let schedules = format!("$JS.API.STREAM.PURGE.{SCHEDULES}");
            worker(
                user,
                &[
                    "events.order.*.*",
                    "events.catalog.*.*",
                    "orders.*.erase.*",
                    &letters,
                    &schedules,
                ],
            )
        }
        User::NotificationHub => {
            let lanes = |platform| {
                [
                    format!("notifications.{platform}.*"),
                    format!("notifications.bulk-{platform}.*"),
                ]
            };
            let pushes: Vec<_> = PLATFORMS.into_iter().flat_map(lanes).collect();
            let mut publish: Vec<_> = pushes.iter().map(String::as_str).collect();
            // What became of them.
            publish.push("events.push.*.*");
            worker(user, &publish)
        }
    };
    let mut publish = vec!["$JS.API.INFO".to_owned()];
    publish.extend(own.publish);
    Some(Rights {
        publish,
        subscribe: vec![format!("_INBOX_{user}.>")],
        ..own
    })
}

/// Sends what customers wish, now or later, reads single messages of the streams that know of orders not yet processed, follows the orders' events.
fn front_door() -> Rights {
    let mut publish = ["orders.*.submit.*", "orders.*.cancel.*", "schedules.*.*"]
        .map(str::to_owned)
        .to_vec();
    // A schedule is taken back by purging its subject, which the server does not compare with anything.
    publish.push(format!("$JS.API.STREAM.PURGE.{SCHEDULES}"));
    publish
        .extend([ORDERS, DEAD_LETTERS, SCHEDULES].map(|stream| format!("$JS.API.STREAM.MSG.GET.{stream}")));
    // The server compares the filter in the subject with the one that is asked for.
    publish.push(format!("$JS.API.CONSUMER.CREATE.{EVENTS}.*.events.order.>"));
    publish.extend(["INFO", "MSG.NEXT", "DELETE"].map(|verb| format!("$JS.API.CONSUMER.{verb}.{EVENTS}.*")));
    let others = consumers().into_iter().filter(|plan| plan.stream == EVENTS);
    let withheld = others.flat_map(|plan| {
        ["CREATE", "INFO", "MSG.NEXT", "DELETE"].map(|verb| {
            let filter = if verb == "CREATE" { ".>" } else { "" };
            format!("$JS.API.CONSUMER.{verb}.{EVENTS}.{}{filter}", plan.name())
        })
    });
    Rights {
        publish,
        withheld: withheld.collect(),
        ..Rights::default()
    }
}

/// Pulls from its durable consumers, acknowledges, and publishes what comes of it, be it dead letters.
fn worker(user: User, products: &[&str]) -> Rights {
    let mut publish: Vec<_> = products.iter().map(ToString::to_string).collect();
    for plan in consumers().iter().filter(|plan| reader(plan) == Some(user)) {
        let (stream, name) = (plan.stream, plan.name());
        publish.extend([
            format!("$JS.API.CONSUMER.INFO.{stream}.{name}"),
            format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}"),
            format!("$JS.ACK.{stream}.{name}.>"),
            // As servers to come will name it: with domain and account before the stream.
            format!("$JS.ACK.*.*.{stream}.{name}.>"),
            format!("dead-letters.{stream}.{name}.*"),
        ]);
        // Who takes a partition over asks what another replica has in hand.
        let ask = format!("$JS.API.STREAM.MSG.GET.{stream}");
        if !plan.config.priority_groups.is_empty() && !publish.contains(&ask) {
            publish.push(ask);
        }
    }
    Rights {
        publish,
        ..Rights::default()
    }
}

/// Whose a durable consumer is.
fn reader(plan: &ConsumerPlan) -> Option<User> {
    match (plan.stream, plan.name()) {
        (ORDERS, _) | (CATALOG, CATALOG_CONSUMER) => Some(User::OrderProcessor),
        (EVENTS, HUB_CONSUMER | WISHES_CONSUMER) | (NOTIFICATIONS, _) => Some(User::NotificationHub),
        _ => None,
    }
}

/// The server configuration's `authorization` block with all users; the last line ends with a line feed.
pub fn configuration(keys: &PublicKeys) -> String {
    let mut text = format!("{HEAD}\nauthorization {{\n  users: [\n");
    for (user, key) in keys.iter() {
        let written = write_user(&mut text, user, key);
        debug_assert!(written.is_ok(), "a string takes everything");
    }
    text.push_str("  ]\n}\n");
    text
}

fn write_user(text: &mut String, user: User, key: &PublicKey) -> std::fmt::Result {
    writeln!(text, "    # {user}\n    {{\n      nkey: \"{key}\"")?;
    if let Some(rights) = rights(user) {
        text.push_str("      permissions: {\n        publish: {\n");
        write_list(text, "allow", &rights.publish)?;
        if !rights.withheld.is_empty() {
            write_list(text, "deny", &rights.withheld)?;
        }
        text.push_str("        }\n        subscribe: {\n");
        write_list(text, "allow", &rights.subscribe)?;
        text.push_str("        }\n      }\n");
    }
    text.push_str("    }\n");
    Ok(())
}

fn write_list(text: &mut String, name: &str, subjects: &[String]) -> std::fmt::Result {
    writeln!(text, "          {name}: [")?;
    for subject in subjects {
        writeln!(text, "            \"{subject}\"")?;
    }
    text.push_str("          ]\n");
    Ok(())
}

/// Where a configuration departs from [`configuration`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is {}, not {}", shown(.found.as_ref()), shown(.wanted.as_ref()))]
pub struct Difference {
    /// Counted from 1.
    pub line: usize,
    /// What stands there; nothing after the end.
    pub found: Option<String>,
    /// What should.
    pub wanted: Option<String>,
}

fn shown(line: Option<&String>) -> String {
    line.map_or_else(|| "the end".to_owned(), |line| format!("`{}`", line.trim()))
}

/// The first line in which `found` departs from what it should be with `keys`. Space at the ends of lines does not count.
///
/// # Errors
/// [`Difference`].
pub fn check(found: &str, keys: &PublicKeys) -> Result<(), Difference> {
    let wanted = configuration(keys);
    let (mut found, mut wanted) = (found.trim_end().lines(), wanted.lines());
    for line in 1.. {
        let (found, wanted) = (found.next(), wanted.next());
        if found.is_none() && wanted.is_none() {
            break;
        }
        if found.map(str::trim) != wanted.map(str::trim) {
            return Err(Difference {
                line,
                found: found.map(str::to_owned),
                wanted: wanted.map(str::to_owned),
            });
        }
    }
    Ok(())
}

/// The keys that a configuration of ours names.
///
/// # Errors
/// Where a user is missing or unknown, or a key is none.
pub fn keys_in(configuration: &str) -> Result<PublicKeys, KeyError> {
    let mut keys = std::collections::BTreeMap::new();
    let mut user = None;
    for line in configuration.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("# ").filter(|_| line != HEAD) {
            user = Some(name.parse()?);
        } else if let (Some(key), Some(user)) = (line.strip_prefix("nkey: "), user) {
            keys.insert(user, key.trim_matches('"').parse()?);
        }
    }
    PublicKeys::new(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Seed;

    fn keys() -> PublicKeys {
        let key = |user| (user, Seed::fresh().unwrap().public_key().unwrap());
        PublicKeys::new(User::ALL.map(key).into()).unwrap()
    }

    #[test]
    fn every_consumer_has_one_reader() {
        for plan in consumers() {
            assert!(reader(&plan).is_some(), "nobody may read {}", plan.name());
        }
    }

    #[test]
    fn nobody_but_the_operator_may_do_anything_to_streams_or_durable_consumers() {
        for user in User::ALL.into_iter().filter(|user| *user != User::Operator) {
            let rights = rights(user).unwrap();
            for subject in rights
                .publish
                .iter()
                .filter(|subject| subject.starts_with("$JS.API."))
            {
                let api = subject.trim_start_matches("$JS.API.");
                let allowed = api == "INFO"
                    || api == "STREAM.INFO.DEAD_LETTERS"
                    || api.starts_with("STREAM.MSG.GET.")
                    || api == "STREAM.PURGE.SCHEDULES"
                    || api.starts_with("CONSUMER.INFO.")
                    || api.starts_with("CONSUMER.MSG.NEXT.")
                    || [
                        "CONSUMER.CREATE.EVENTS.*.events.order.>",
                        "CONSUMER.DELETE.EVENTS.*",
                    ]
                    .contains(&api);
                assert!(allowed, "{user}: {subject}");
            }
            assert_eq!(rights.subscribe, [format!("_INBOX_{user}.>")]);
        }
    }

    #[test]
    fn a_configuration_is_compared_line_by_line() {
        let keys = keys();
        let good = configuration(&keys);
        assert_eq!(check(&good, &keys), Ok(()));
        assert_eq!(check(&good.replace('\n', " \r\n"), &keys), Ok(()));
        assert_eq!(keys_in(&good), Ok(keys.clone()));

        let wider = good.replacen("orders.*.cancel.*", "orders.>", 1);
        let error = check(&wider, &keys).unwrap_err();
        let words = error.to_string();
        assert!(
            words.contains("`\"orders.>\"`, not `\"orders.*.cancel.*\"`"),
            "{words}"
        );
        assert!(words.contains(&format!("line {}", error.line)), "{words}");
        assert_eq!(wider.lines().nth(error.line - 1).unwrap().trim(), "\"orders.>\"");

        let more = format!("{good}jetstream {{}}\n");
        assert!(
            check(&more, &keys)
                .unwrap_err()
                .to_string()
                .ends_with("not the end")
        );
        let less = good.lines().take(9).collect::<Vec<_>>().join("\n");
        assert_eq!(check(&less, &keys).unwrap_err().line, 10);
        assert_eq!(keys_in(&less), Err(KeyError::Missing(User::RestApi)));
        assert_ne!(check(&good, &self::keys()), Ok(()));
    }
}
