//! What the commands say to whoever started them.

use std::io::Write;
use std::time::Instant;

/// One line. A reader that has gone away does not stop the work.
pub(super) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// Lines with the time since `start`.
pub(super) fn timed(start: Instant) -> impl Fn(&str) + Send + Sync + Clone {
    move |step| line(&format!("{:6.1} s  {step}", start.elapsed().as_secs_f32()))
}

/// Text that brings its own line ends.
pub(super) fn text(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}
