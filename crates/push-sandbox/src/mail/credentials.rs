//! What a sender must be given to send mail through this sandbox.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::credentials::CredentialError;
use crate::folder::kept;
use crate::random;

const USER: &str = "hub";
/// Below `.example`, which is nobody's (RFC 2606).
const FROM: &str = "Waybill <orders@waybill.example>";

/// For the mail server.
#[derive(Debug, Clone, Serialize)]
pub struct SmtpCredentials {
    /// `smtp://localhost:8084`; STARTTLS is required.
    pub url: String,
    /// Who signs in.
    pub user: String,
    /// With which password.
    pub password: String,
    /// The file that holds the password.
    pub password_path: PathBuf,
    /// A sender it takes mail from.
    pub from: String,
}

impl SmtpCredentials {
    /// The environment by which the notification hub sends here.
    pub(crate) fn environment(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("SMTP_URL", self.url.clone()),
            ("SMTP_USER", self.user.clone()),
            ("SMTP_PASSWORD_FILE", self.password_path.display().to_string()),
            ("MAIL_FROM", self.from.clone()),
        ])
    }
}

/// Those kept in that folder, made when there are none.
pub(crate) fn open(folder: &Path, url: String) -> Result<SmtpCredentials, CredentialError> {
    let password_path = folder.join("smtp-password");
    Ok(SmtpCredentials {
        url,
        user: USER.to_owned(),
        password: kept(&password_path, || Ok(random::text::<24>()))?,
        password_path,
        from: FROM.to_owned(),
    })
}
