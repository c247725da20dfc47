//! A pretend browser's keys, and how it reads what was encrypted for it alone: RFC 8291 over RFC 8188.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::encoding::{AsBigEndian as _, EcPrivateKeyBin};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random;

const SALT_BYTES: usize = 16;
const POINT_BYTES: usize = 65;
/// Salt, record size, length of the key and the key.
pub(crate) const HEADER_BYTES: usize = SALT_BYTES + 4 + 1 + POINT_BYTES;
/// The authentication tag and the delimiter: the least that a record holds.
const LEAST_RECORD_BYTES: usize = 17;
/// What a last record's text ends with, before its padding of zeros.
const LAST_RECORD: u8 = 2;

/// What a browser makes for a new subscription, in base64url.
pub(crate) struct Browser {
    pub(crate) public: String,
    pub(crate) auth: String,
    pub(crate) private: String,
}

impl Browser {
    #[expect(
        clippy::expect_used,
        reason = "a machine without random numbers has no keys to give"
    )]
    pub(crate) fn new() -> Self {
        let key = PrivateKey::generate(&ECDH_P256).expect("a new key");
        let private: EcPrivateKeyBin<'_> = key.as_be_bytes().expect("a key of P-256");
        let public = key.compute_public_key().expect("a key of P-256");
        Self {
            public: URL_SAFE_NO_PAD.encode(public.as_ref()),
            auth: random::text::<16>(),
            private: URL_SAFE_NO_PAD.encode(private.as_ref()),
        }
    }

    /// The text of a message of one record.
    ///
    /// # Errors
    /// Why the browser can't read it.
    pub(crate) fn decrypt(&self, message: &[u8]) -> Result<Vec<u8>, &'static str> {
        let (header, record) = message
            .split_at_checked(HEADER_BYTES)
            .ok_or("the message is shorter than its header")?;
        let (salt, rest) = header.split_at(SALT_BYTES);
        let (sizes, sender) = rest.split_at(5);
        if usize::from(sizes[4]) != POINT_BYTES {
            return Err("the header's key id is no public key of 65 bytes");
        }
        let size = u32::from_be_bytes([sizes[0], sizes[1], sizes[2], sizes[3]]) as usize;
        if size <= LEAST_RECORD_BYTES {
            return Err("a record holds at least 18 bytes");
        }
        if record.len() > size {
            return Err("a message is one record");
        }
        if record.len() < LEAST_RECORD_BYTES {
            return Err("the record is cut off");
        }
        let shared = self.shared(sender)?;
        let text = open(salt, &shared, record)
            .map_err(|Unspecified| "it was not encrypted for this subscription")?;
        unpadded(text)
    }

    /// The key material that the browser shares with who sends with the public key `sender`.
    fn shared(&self, sender: &[u8]) -> Result<[u8; 32], &'static str> {
        let bytes = |text: &str| {
            URL_SAFE_NO_PAD
                .decode(text)
                .map_err(|_| "the browser's keys are damaged")
        };
        let (private, public, auth) = (bytes(&self.private)?, bytes(&self.public)?, bytes(&self.auth)?);
        let key = PrivateKey::from_private_key(&ECDH_P256, &private)
            .map_err(|_| "the browser's keys are damaged")?;
        let point = UnparsedPublicKey::new(&ECDH_P256, sender);
        agree(&key, point, "the header's key is no point of P-256", |secret| {
            let info = [b"WebPush: info\0".as_slice(), &public, sender];
            derived(&auth, secret, &info).map_err(|Unspecified| "the key can't be derived")
        })
    }
}

fn open(salt: &[u8], shared: &[u8], record: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let key: [u8; 16] = derived(salt, shared, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; 12] = derived(salt, shared, &[b"Content-Encoding: nonce\0"])?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    let mut text = record.to_vec();
    let length = key
        .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text)?
        .len();
    text.truncate(length);
    Ok(text)
}

fn unpadded(mut text: Vec<u8>) -> Result<Vec<u8>, &'static str> {
    let end = text.iter().rposition(|byte| *byte != 0);
    match end {
        Some(end) if text[end] == LAST_RECORD => {
            text.truncate(end);
            Ok(text)
        }
        _ => Err("the record does not end with the delimiter 2"),
    }
}

/// HKDF (RFC 5869) with SHA-256.
fn derived<const N: usize>(salt: &[u8], secret: &[u8], info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut out = [0; N];
    Salt::new(HKDF_SHA256, salt)
        .extract(secret)
        .expand(info, Bytes(N))?
        .fill(&mut out)?;
    Ok(out)
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The subscription and the message of RFC 8291, section 5.
    const MESSAGE: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz\
        AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    fn example() -> (Browser, Vec<u8>) {
        let browser = Browser {
            public: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
                .into(),
            auth: "BTBZMqHH6r4Tts7J_aSIgg".into(),
            private: "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94".into(),
        };
        (browser, URL_SAFE_NO_PAD.decode(MESSAGE).unwrap())
    }

    #[test]
    fn the_message_of_the_standard_is_read() {
        let (browser, message) = example();
        let text = browser.decrypt(&message).unwrap();
        assert_eq!(text, b"When I grow up, I want to be a watermelon");
    }

    #[test]
    fn what_is_not_for_this_browser_is_not_read() {
        let (browser, message) = example();
        let foreign = "it was not encrypted for this subscription";
        assert_eq!(Browser::new().decrypt(&message), Err(foreign));
        let elsewhere = Browser {
            auth: random::text::<16>(),
            ..browser
        };
        assert_eq!(elsewhere.decrypt(&message), Err(foreign));
    }

    #[test]
    fn each_damage_is_named() {
        let (browser, message) = example();
        let with = |at: usize, byte: u8| {
            let mut message = message.clone();
            message[at] = byte;
            browser.decrypt(&message).unwrap_err()
        };
        assert!(with(20, 64).contains("65 bytes"));
        assert!(with(18, 0).contains("at least 18"));
        assert!(with(30, message[30] ^ 1).contains("no point of P-256"));
        assert!(with(message.len() - 1, 0).contains("not encrypted for"));
        let long = [message.as_slice(), &[0; 4096]].concat();
        assert!(browser.decrypt(&long).unwrap_err().contains("one record"));
        assert!(
            browser
                .decrypt(&message[..HEADER_BYTES - 1])
                .unwrap_err()
                .contains("shorter")
        );
        assert!(
            browser
                .decrypt(&message[..HEADER_BYTES + 3])
                .unwrap_err()
                .contains("cut off")
        );
        assert!(unpadded(b"text\x01\0\0".to_vec()).is_err() && unpadded(vec![0; 4]).is_err());
        assert_eq!(unpadded(b"text\x02\0\0".to_vec()).unwrap(), b"text");
    }
}
