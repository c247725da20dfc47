//! An account and its tokens as apps see them.

use domain::AccountId;
use identity::accounts::Tokens;
use identity::{access_tokens, accounts};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;
use storage::Account;
use utoipa::ToSchema;

/// An account.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct AccountView<'a> {
    id: AccountId,
    /// What one signs in with; null where an outside provider signs its owner in and tells none.
    #[schema(required = true, examples("ada@example.org"))]
    email: Option<&'a str>,
    /// What its owner is called; may be empty.
    #[schema(examples("Ada Lovelace"))]
    name: &'a str,
    /// A language tag (BCP 47).
    #[schema(examples("de-AT"))]
    locale: &'a str,
    role: Role,
    created_at: Timestamp,
}

/// What an account may do: order for oneself, or work for the shop.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Role {
    Customer,
    Staff,
}

impl From<storage::Role> for Role {
    fn from(role: storage::Role) -> Self {
        match role {
            storage::Role::Customer => Self::Customer,
            storage::Role::Staff => Self::Staff,
        }
    }
}

impl<'a> AccountView<'a> {
    /// With the role that its owner has now: an outside issuer may give another one than is stored.
    pub(crate) fn of(account: &'a Account, role: storage::Role) -> Self {
        Self {
            id: account.id,
            email: account.email.as_deref(),
            name: &account.name,
            locale: &account.locale,
            role: role.into(),
            created_at: account.created_at,
        }
    }
}

/// The tokens of a session, named after RFC 6749, 5.1.
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
pub(crate) struct TokensView<'a> {
    /// What goes into `Authorization: Bearer <token>`.
    access_token: &'a str,
    token_type: &'static str,
    /// For how many seconds the access token is good.
    expires_in: u64,
    /// What POST /v1/token takes, once.
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
#[derive(Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub(super) struct SignedInView<'a> {
    account: AccountView<'a>,
    #[serde(flatten)]
    tokens: TokensView<'a>,
    /// Whether the guest's orders came along; only where a guest's token was sent.
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
