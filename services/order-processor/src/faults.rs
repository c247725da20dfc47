//! Fault drills: a message that kills whoever handles it.

use domain::{OrderAction, OrderCommand};

/// Aborts the process at submissions whose note is the marker; does nothing where none is set.
#[derive(Debug, Clone)]
pub(crate) struct FaultDrill {
    marker: Option<String>,
}

impl FaultDrill {
    pub(crate) fn new(marker: Option<String>) -> Self {
        if marker.is_some() {
            tracing::warn!("--fault-marker is set: a submission with that note aborts this process");
        }
        Self { marker }
    }

    /// Returns unless `command` carries the marker.
    pub(crate) fn survive(&self, command: &OrderCommand) {
        let (Some(marker), OrderAction::Submit(submit)) = (&self.marker, &command.action) else {
            return;
        };
        if submit.note.as_ref().is_some_and(|note| note.as_str() == marker) {
            tracing::error!(order.id = %command.order, "a submission carries the fault marker: aborting");
            std::process::abort();
        }
    }
}
