//! Keys: what a wish is filed under, and what an event looks for.

use conditions::Key;
use sha2::{Digest, Sha256};

/// The key of all wishes on a topic that no property's value narrows down.
pub(crate) fn of_topic(topic: &str) -> i64 {
    hash(&[topic])
}

/// The key of wishes on a topic that only events with this value of a property fulfil.
///
/// Names are taken in lower case, as conditions take them: what is found is asked once more anyway.
pub(crate) fn of_value(topic: &str, property: &str, value: &Key<'_>) -> i64 {
    hash(&[topic, &property.to_ascii_lowercase(), &value.to_string()])
}

/// The first eight bytes of the SHA-256 of `parts`, each preceded by its length. Two that are alike by chance only make one more to ask.
fn hash(parts: &[&str]) -> i64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(bytes)
}
