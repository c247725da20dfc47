//! Passwords and access tokens.

use std::path::PathBuf;

use clap::Args;

use super::at_least_one;

/// What access tokens are signed with, and what stands in them.
#[derive(Debug, Clone, Args)]
pub struct AccessTokenArgs {
    /// File of private keys of the curve P-256 in PEM. The first signs, all are accepted; it is read again when it changes.
    /// Make a key: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256
    #[arg(long, env = "TOKEN_KEYS_FILE", value_name = "PATH")]
    pub token_keys_file: PathBuf,

    /// Who issues access tokens: their `iss`.
    #[arg(long, env = "TOKEN_ISSUER", value_name = "TEXT", default_value = "waybill")]
    pub token_issuer: String,

    /// For whom access tokens are: their `aud`.
    #[arg(long, env = "TOKEN_AUDIENCE", value_name = "TEXT", default_value = "waybill")]
    pub token_audience: String,

    /// JSON file of outside issuers of OpenID Connect tokens that are believed. None when not given.
    #[arg(long, env = "ISSUERS_FILE", value_name = "PATH")]
    pub issuers_file: Option<PathBuf>,
}

/// How passwords are hashed, and how often someone may try them.
#[derive(Debug, Clone, Args)]
pub struct PasswordArgs {
    /// How many passwords are hashed at a time; each takes 19 MiB and a core. The machine's cores when not given.
    #[arg(long, env = "PASSWORD_HASHES", value_name = "N", value_parser = at_least_one())]
    pub password_hashes: Option<usize>,

    /// How often someone may try to sign in from one address, to any account, within 15 minutes.
    #[arg(long, env = "SIGN_INS_PER_ADDRESS", value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub sign_ins_per_address: u32,

    /// How often someone may try to sign up from one address within an hour.
    #[arg(long, env = "SIGN_UPS_PER_ADDRESS", value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub sign_ups_per_address: u32,
}

impl PasswordArgs {
    /// How many passwords are hashed at a time.
    pub fn at_once(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, Into::into);
        self.password_hashes.unwrap_or_else(cores)
    }
}
