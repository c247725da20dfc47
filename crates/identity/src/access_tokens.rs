//! Access tokens: JSON Web Tokens (RFC 7519, RFC 9068), signed with ES256 and nothing else.

use std::time::Duration;

use domain::AccountId;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use storage::Role;
use uuid::Uuid;

use crate::{NotGenuine, TokenKeys, Unavailable};

/// How long a token is good.
pub const LIFE: Duration = Duration::from_secs(10 * 60);

/// How far the clocks of two servers may be apart.
pub const LEEWAY: Duration = Duration::from_secs(30);

/// The media type in the header (RFC 9068, 2.1): a token that was made for something else is refused.
const TYPE: &str = "at+jwt";

/// Who shows a token, and with what rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identified {
    /// The account.
    pub account: AccountId,
    /// The session that the token is of; none for a token of an outside issuer.
    pub session: Option<Uuid>,
    /// What the account may do.
    pub role: Role,
    /// How many guests' scopes the account had at least when the token was made.
    pub guests: u64,
}

/// What stands in a token.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Option<Uuid>,
    role: Role,
    guests: u64,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: Uuid,
}

/// Makes and checks access tokens. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AccessTokens {
    keys: TokenKeys,
    issuer: String,
    audience: String,
}

impl AccessTokens {
    /// Signed with the first of `keys`, by `issuer` for `audience`.
    pub fn new(keys: TokenKeys, issuer: String, audience: String) -> Self {
        Self {
            keys,
            issuer,
            audience,
        }
    }

    /// The keys.
    pub fn keys(&self) -> &TokenKeys {
        &self.keys
    }

    /// A token that is good for [`LIFE`] from `now` on; `id` tells it from every other.
    ///
    /// # Errors
    /// [`Unavailable`] where it can't be signed.
    pub fn mint(&self, identified: &Identified, now: Timestamp, id: Uuid) -> Result<String, Unavailable> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: identified.account.0,
            sid: identified.session,
            role: identified.role,
            guests: identified.guests,
            iat: now.as_second(),
            nbf: now.as_second(),
            exp: (now + LIFE).as_second(),
            jti: id,
        };
        let keys = self.keys.now();
        let (key_id, key) = keys.signing();
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(key_id.to_owned()),
            ..Header::new(Algorithm::ES256)
        };
        encode(&header, &claims, key)
            .map_err(|error| Unavailable(format!("a token can't be signed: {error}")))
    }

    /// Who shows `token` at `now`.
    ///
    /// # Errors
    /// [`NotGenuine`]: it is not ours, not for us, not good yet or no longer.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<Identified, NotGenuine> {
        let header = decode_header(token).map_err(|_| NotGenuine)?;
        let of_ours = header.alg == Algorithm::ES256
            && header.typ.as_deref() == Some(TYPE)
            && header.crit.is_none()
            && header.zip.is_none();
        let key_id = header.kid.filter(|_| of_ours).ok_or(NotGenuine)?;
        let keys = self.keys.now();
        let key = keys.checking(&key_id).ok_or(NotGenuine)?;
        let claims = decode::<Claims>(token, key, &self.rules())
            .map_err(|_| NotGenuine)?
            .claims;
        // Without a session it could never be ended.
        let session = claims.sid.ok_or(NotGenuine)?;
        let (now, leeway) = (now.as_second(), LEEWAY.as_secs().cast_signed());
        if now >= claims.exp + leeway || now + leeway < claims.nbf || now + leeway < claims.iat {
            return Err(NotGenuine);
        }
        Ok(Identified {
            account: AccountId(claims.sub),
            session: Some(session),
            role: claims.role,
            guests: claims.guests,
        })
    }

    /// The times are compared by [`Self::read`], which is given the clock's.
    fn rules(&self) -> Validation {
        let mut rules = Validation::new(Algorithm::ES256);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.audience]);
        rules.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        rules.validate_exp = false;
        rules.validate_nbf = false;
        rules
    }
}
