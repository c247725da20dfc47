//! The hub against the push sandbox, which checks as strictly as the real services do, and against real servers.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod announcing;
mod bundles;
mod campaign_deaths;
mod campaigning;
mod campaigns;
mod devices;
mod gateways;
mod mail;
mod mail_answers;
mod mailing;
mod providers;
mod saying;
mod shop;
mod silent;
mod subscriptions;
mod waiting;
mod wishers;
mod wishes;
