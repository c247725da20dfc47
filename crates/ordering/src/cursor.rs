//! Positions in a list, as clients carry them: opaque.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::OrderId;
use jiff::Timestamp;

/// A position in a list as an opaque text.
pub fn cursor((at, id): (Timestamp, OrderId)) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{at} {id}"))
}

/// The position that `text` stands for; none where it is not one of ours.
pub fn read_cursor(text: &str) -> Option<(Timestamp, OrderId)> {
    let decoded = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (at, id) = decoded.split_once(' ')?;
    let at: Timestamp = at.parse().ok()?;
    // No order is older, and Postgres refuses times of antiquity.
    (at >= Timestamp::UNIX_EPOCH).then_some((at, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_anything_else_does_not() {
        let position = (
            "2026-11-21T03:48:36.123456Z".parse().unwrap(),
            OrderId(uuid::Uuid::from_u128(7)),
        );
        assert_eq!(read_cursor(&cursor(position)), Some(position));
        for wrong in ["", "?", "eA", "MSAy"] {
            assert_eq!(read_cursor(wrong), None, "{wrong}");
        }
        let id = OrderId(uuid::Uuid::from_u128(7));
        assert_eq!(read_cursor(&cursor((Timestamp::MIN, id))), None);
        assert!(read_cursor(&cursor((Timestamp::MAX, id))).is_some());
    }
}
