//! An account and its tokens as apps see them.

use domain::AccountId;
use identity::accounts::Tokens;
use identity::{access_tokens, accounts};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;
use storage::{Account, Role};

/// An account.
#[derive(Serialize)]
pub(crate) struct AccountView<'a> {
    id: AccountId,
    email: Option<&'a str>,
    name: &'a str,
    locale: &'a str,
    role: Role,
    created_at: Timestamp,
}

impl<'a> AccountView<'a> {
    /// With the role that its owner has now: an outside issuer may give another one than is stored.
    pub(crate) fn of(account: &'a Account, role: Role) -> Self {
        Self {
            id: account.id,
            email: account.email.as_deref(),
            name: &account.name,
            locale: &account.locale,
            role,
            created_at: account.created_at,
        }
    }
}

/// The tokens of a session, named after RFC 6749, 5.1.
#[derive(Serialize)]
pub(crate) struct TokensView<'a> {
    access_token: &'a str,
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    refresh_token: &'a str,
    refresh_token_expires_at: Timestamp,
}

impl<'a> From<&'a Tokens> for TokensView<'a> {
    fn from(tokens: &'a Tokens) -> Self {
        Self {
            access_token: tokens.access.expose_secret(),
            token_type: "Bearer",
            expires_in: access_tokens::LIFE.as_secs(),
            refresh_token: tokens.refresh.expose_secret(),
            refresh_token_expires_at: tokens.expires_at,
        }
    }
}

/// What is answered to someone who has just proved who he is.
#[derive(Serialize)]
pub(super) struct SignedInView<'a> {
    account: AccountView<'a>,
    #[serde(flatten)]
    tokens: TokensView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guest_added: Option<bool>,
}

impl<'a> From<&'a accounts::SignedIn> for SignedInView<'a> {
    fn from(signed_in: &'a accounts::SignedIn) -> Self {
        Self {
            account: AccountView::of(&signed_in.account, signed_in.account.role),
            tokens: (&signed_in.tokens).into(),
            guest_added: signed_in.guest_added,
        }
    }
}
