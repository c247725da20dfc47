//! The request by which an app on a pretend device registers it at the REST API.

use serde::Serialize;
use serde_json::{Value, json};

use crate::device::Device;

/// `PUT /v1/installations/{installation_id}` for one device.
#[derive(Debug, Clone, Serialize)]
pub struct Registration {
    /// Always `PUT`.
    pub method: &'static str,
    /// The address at the REST API.
    pub url: String,
    /// The JSON body.
    pub body: Value,
}

impl Registration {
    /// The request for that device.
    pub fn of(device: &Device, api_url: &str) -> Self {
        let body = json!({
            "app": "shop",
            "platform": device.platform,
            "environment": "production",
            "channel": device.channel,
            "locale": "en",
        });
        Self {
            method: "PUT",
            url: format!("{api_url}/v1/installations/{}", device.installation_id),
            body,
        }
    }

    /// The same as a command for a shell; the caller's token is in a variable.
    pub(crate) fn curl(&self) -> String {
        format!(
            "curl -X {} '{}' \\\n  -H \"Authorization: Bearer $WAYBILL_GUEST_TOKEN\" \\\n  \
             -H 'Content-Type: application/json' \\\n  -d '{}'",
            self.method, self.url, self.body
        )
    }
}
