//! How a service's process ends.

use std::io::Write;
use std::process::ExitCode;

/// The process's exit code; a failure is told in one line on standard error, whatever the log's filter.
pub fn exit_code(ended: anyhow::Result<()>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if it can't be written.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
