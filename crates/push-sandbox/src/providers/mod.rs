//! The services that senders speak to, on one TLS port.

mod access;
mod apns;
mod exchange;
mod fcm;
mod webpush;
mod wns;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;

use crate::credentials::{CredentialError, Opened};
use crate::samples;
use crate::state::State;

pub(crate) use exchange::read;

/// All services by their paths. The paths don't overlap, so one base URL serves them all.
pub(crate) fn router(state: Arc<State>, opened: &Opened) -> Result<Router, CredentialError> {
    Ok(Router::new()
        .merge(apns::router(state.clone(), opened)?)
        .merge(fcm::router(state.clone(), opened)?)
        .merge(webpush::router(state.clone(), opened))
        .merge(wns::router(state.clone(), opened))
        .layer(from_fn_with_state(state, samples::record)))
}
