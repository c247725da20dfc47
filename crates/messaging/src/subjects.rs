//! Subjects, made and read in one place.

use domain::{InstallationId, OrderId, Sku};

/// Whose message it is, by its subject: the last token.
pub fn key(subject: &str) -> &str {
    subject.rsplit('.').next().unwrap_or_default()
}

/// `orders.<pNN>.<verb>.<order id>`
pub fn order_command(order: OrderId, verb: &str) -> String {
    format!("orders.{}.{verb}.{order}", order.partition())
}

/// `catalog.<verb>.<sku>`
pub fn catalog_command(sku: &Sku, verb: &str) -> String {
    format!("catalog.{verb}.{sku}")
}

/// `events.<entity>.<verb>.<id>`
pub fn event(entity: &str, verb: &str, id: impl std::fmt::Display) -> String {
    format!("events.{entity}.{verb}.{id}")
}

/// `notifications.<platform>.<installation>`
pub fn notification(platform: &str, installation: InstallationId) -> String {
    format!("notifications.{platform}.{installation}")
}

/// `notifications.bulk-<platform>.<id>`, of one installation or of a bundle for several: of what goes to many at once, so that it never stands before a push that one customer waits for.
pub fn bulk_notification(platform: &str, id: impl std::fmt::Display) -> String {
    format!("notifications.bulk-{platform}.{id}")
}

/// `notifications.campaigns.<id>`
pub fn campaign(id: impl std::fmt::Display) -> String {
    format!("notifications.campaigns.{id}")
}
