//! A message that only its browser can read: RFC 8291 over RFC 8188, one record.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What every push service takes at least (RFC 8030, section 7.2), and what most take at most.
const MESSAGE_BYTES: u32 = 4_096;
const SALT_BYTES: usize = 16;
const POINT_BYTES: usize = 65;
const TAG_BYTES: usize = 16;
/// What a last record's text ends with.
const DELIMITER: u8 = 2;
/// The most that a message says: what is left beside the header, the delimiter and the tag.
pub(super) const TEXT_BYTES: usize =
    MESSAGE_BYTES as usize - (SALT_BYTES + 4 + 1 + POINT_BYTES) - 1 - TAG_BYTES;

/// A browser's public key and the secret that it shares with us.
pub(super) struct Keys {
    point: Vec<u8>,
    auth: Vec<u8>,
}

impl Keys {
    /// Reads them from base64url; `None` where they are none. Whether the point is on the curve shows when it is used.
    pub(super) fn read(p256dh: &str, auth: &str) -> Option<Self> {
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
        let (point, auth) = (bytes(p256dh)?, bytes(auth)?);
        (point.len() == POINT_BYTES && auth.len() == 16).then_some(Self { point, auth })
    }
}

/// `text`, encrypted with keys that are used once.
///
/// # Errors
/// Where the browser's key is no point of P-256.
pub(super) fn encrypted(to: &Keys, text: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut salt = [0; SALT_BYTES];
    rand::fill(&mut salt)?;
    sealed(to, &PrivateKey::generate(&ECDH_P256)?, salt, text)
}

fn sealed(to: &Keys, own: &PrivateKey, salt: [u8; SALT_BYTES], text: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let public = own.compute_public_key()?;
    let peer = UnparsedPublicKey::new(&ECDH_P256, &to.point);
    let shared: [u8; 32] = agree(own, peer, Unspecified, |secret| {
        let info = [b"WebPush: info\0".as_slice(), &to.point, public.as_ref()];
        derived(&to.auth, secret, &info)
    })?;
    let key: [u8; 16] = derived(&salt, &shared, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; 12] = derived(&salt, &shared, &[b"Content-Encoding: nonce\0"])?;
    let mut record = [text, &[DELIMITER]].concat();
    // Key and nonce come from a salt that is new for each message.
    LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?).seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::empty(),
        &mut record,
    )?;
    let size = MESSAGE_BYTES.to_be_bytes();
    Ok([&salt[..], &size, &[POINT_BYTES as u8], public.as_ref(), &record].concat())
}

/// HKDF (RFC 5869) with SHA-256.
fn derived<const N: usize>(salt: &[u8], secret: &[u8], info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut out = [0; N];
    Salt::new(HKDF_SHA256, salt)
        .extract(secret)
        .expand(info, Length(N))?
        .fill(&mut out)?;
    Ok(out)
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The browser of RFC 8291, section 5.
    const P256DH: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    #[test]
    fn a_message_is_that_of_the_standard_byte_for_byte() {
        let own = bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        let own = PrivateKey::from_private_key(&ECDH_P256, &own).unwrap();
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let to = Keys::read(P256DH, AUTH).unwrap();
        let message = sealed(&to, &own, salt, b"When I grow up, I want to be a watermelon").unwrap();
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz\
            AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(message), expected);
    }

    #[test]
    fn no_two_messages_are_alike_and_the_longest_fits() {
        let to = Keys::read(P256DH, AUTH).unwrap();
        assert_ne!(encrypted(&to, b"x").unwrap(), encrypted(&to, b"x").unwrap());
        assert_eq!(TEXT_BYTES, 3_993);
        assert_eq!(encrypted(&to, &[b'x'; TEXT_BYTES]).unwrap().len(), 4_096);
    }

    #[test]
    fn keys_that_are_none_are_not_used() {
        for (p256dh, auth) in [
            ("", AUTH),
            (P256DH, ""),
            (&P256DH[..80], AUTH),
            (P256DH, "AAAA"),
            ("ä", AUTH),
        ] {
            assert!(Keys::read(p256dh, auth).is_none(), "{p256dh} {auth}");
        }
        assert!(
            Keys::read(&format!("{P256DH}="), &format!("{AUTH}==")).is_some(),
            "padded"
        );
        let off_the_curve = URL_SAFE_NO_PAD.encode([4; 65]);
        let to = Keys::read(&off_the_curve, AUTH).unwrap();
        assert!(encrypted(&to, b"x").is_err());
    }
}
