//! The key file of a Google service account.

use std::fmt;
use std::path::Path;

use jsonwebtoken::EncodingKey;
use serde::Deserialize;
use url::Url;

/// Who sends: the content of a service account's JSON key file.
#[derive(Clone)]
pub struct ServiceAccount {
    pub(crate) project_id: String,
    pub(crate) client_email: String,
    pub(crate) key_id: String,
    pub(crate) token_uri: Url,
    pub(crate) key: EncodingKey,
}

/// Why a key file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The file could not be read.
    #[error("cannot read the FCM service account file {path}")]
    Read {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not the JSON of a key file.
    #[error("the FCM service account is not a Google key file")]
    Json(#[from] serde_json::Error),
    /// A key file, but of another kind of credential.
    #[error("the FCM credentials are of type `{0}`, wanted `service_account`")]
    Type(String),
    /// The private key is not RSA in PEM.
    #[error("the private key of the FCM service account can't be read")]
    Key(#[from] jsonwebtoken::errors::Error),
}

#[derive(Deserialize)]
struct KeyFile {
    r#type: String,
    project_id: String,
    private_key_id: String,
    private_key: String,
    client_email: String,
    #[serde(default = "google_token_uri")]
    token_uri: Url,
}

#[expect(clippy::expect_used, reason = "a constant address")]
fn google_token_uri() -> Url {
    Url::parse("https://oauth2.googleapis.com/token").expect("a constant address")
}

impl ServiceAccount {
    /// Reads a key file.
    ///
    /// # Errors
    /// When it can't be read or is no service account.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, AccountError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| AccountError::Read {
            path: path.display().to_string(),
            source,
        })?;
        Self::from_json(&text)
    }

    /// Reads a key file's content.
    ///
    /// # Errors
    /// When it is no service account.
    pub fn from_json(text: &str) -> Result<Self, AccountError> {
        let file: KeyFile = serde_json::from_str(text)?;
        if file.r#type != "service_account" {
            return Err(AccountError::Type(file.r#type));
        }
        Ok(Self {
            key: EncodingKey::from_rsa_pem(file.private_key.as_bytes())?,
            project_id: file.project_id,
            client_email: file.client_email,
            key_id: file.private_key_id,
            token_uri: file.token_uri,
        })
    }

    /// The project that messages are sent for.
    pub fn project_id(&self) -> &str {
        &self.project_id
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("project_id", &self.project_id)
            .field("client_email", &self.client_email)
            .field("token_uri", &self.token_uri.as_str())
            .finish_non_exhaustive()
    }
}
