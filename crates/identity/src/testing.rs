//! Keys for tests.

/// A new private key of the curve P-256.
pub(crate) fn pem() -> String {
    rcgen::KeyPair::generate().unwrap().serialize_pem()
}
