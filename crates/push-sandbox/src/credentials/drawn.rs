//! Names and secrets, drawn at the first start and kept.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::CredentialError;
use crate::folder::kept;
use crate::random;

/// The names and secrets that are drawn once.
#[derive(Serialize, Deserialize)]
pub(super) struct Drawn {
    pub(super) apns_key_id: String,
    pub(super) apns_team_id: String,
    pub(super) fcm_key_id: String,
    pub(super) wns_tenant_id: String,
    pub(super) wns_client_id: String,
    pub(super) wns_client_secret: String,
    pub(super) wns_package_sid: String,
    pub(super) wns_package_secret: String,
}

/// Those in that file, drawn where there is none.
pub(super) fn open(path: &Path) -> Result<Drawn, CredentialError> {
    let text = kept(path, || {
        let numbers: Vec<String> = rand::random::<[u32; 7]>().iter().map(u32::to_string).collect();
        let drawn = Drawn {
            apns_key_id: random::apple_id(),
            apns_team_id: random::apple_id(),
            fcm_key_id: random::hex::<20>(),
            wns_tenant_id: random::uuid().to_string(),
            wns_client_id: random::uuid().to_string(),
            wns_client_secret: random::text::<30>(),
            wns_package_sid: format!("ms-app://s-1-15-2-{}", numbers.join("-")),
            wns_package_secret: random::text::<24>(),
        };
        serde_json::to_string_pretty(&drawn).map_err(|_| CredentialError::Damaged(path.to_owned()))
    })?;
    serde_json::from_str(&text).map_err(|_| CredentialError::Damaged(path.to_owned()))
}
