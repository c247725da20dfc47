//! Money: integer minor units plus an ISO 4217 code, never a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::Invalid;

/// An ISO 4217 currency code: three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[A-Z]{3}$", examples("EUR")))]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// `XXX`: ISO 4217's code for "no currency is involved".
    pub const NONE: Self = Self(*b"XXX");

    /// The code, e.g. `EUR`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimal digits its minor unit has (ISO 4217): 0 for JPY, 3 for KWD, 2 for most.
    pub fn minor_digits(self) -> u32 {
        match &self.0 {
            b"JPY" | b"KRW" | b"CLP" | b"VND" | b"ISK" | b"UGX" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = Invalid;

    fn from_str(code: &str) -> Result<Self, Invalid> {
        match <[u8; 3]>::try_from(code.as_bytes()) {
            Ok(bytes) if bytes.iter().all(u8::is_ascii_uppercase) => Ok(Self(bytes)),
            _ => Err(Invalid::new("must be an ISO 4217 code such as EUR")),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = Invalid;

    fn try_from(code: String) -> Result<Self, Invalid> {
        code.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

/// An amount in minor units (cents) of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Money {
    /// Minor units: 1250 is 12.50 in EUR.
    #[cfg_attr(feature = "openapi", schema(examples(1250)))]
    pub minor: i64,
    /// The currency the units are of.
    pub currency: Currency,
}

impl Money {
    /// `minor` units of `currency`.
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// This amount `count` times; `None` where it no longer fits 64 bits.
    pub fn times(self, count: u16) -> Option<Self> {
        Some(Self {
            minor: self.minor.checked_mul(i64::from(count))?,
            ..self
        })
    }

    /// The sum; `None` where the currencies differ or it no longer fits 64 bits.
    pub fn plus(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self {
            minor: self.minor.checked_add(other.minor)?,
            ..self
        })
    }
}

impl fmt::Display for Money {
    /// `12.50 EUR`, with as many decimals as the currency has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.minor_digits();
        let code = self.currency.as_str();
        if digits == 0 {
            return write!(f, "{} {code}", self.minor);
        }
        let unit = 10_u64.pow(digits);
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        write!(
            f,
            "{sign}{}.{:0width$} {code}",
            minor / unit,
            minor % unit,
            width = digits as usize
        )
    }
}
