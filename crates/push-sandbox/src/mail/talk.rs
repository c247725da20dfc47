//! Lines to and from a mail client.

use std::io;
use std::time::Duration;

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};

/// RFC 5321, section 4.5.3.2.7 asks for five minutes; nobody types here.
const PATIENCE: Duration = Duration::from_secs(60);
/// RFC 4954, section 4.
pub(super) const MAX_AUTH_LINE: usize = 12_288;
/// No line is read further than that.
const MAX_ANY_LINE: u64 = 65_536;

/// A connection, plain or secured.
pub(super) struct Talk<S> {
    stream: BufReader<S>,
}

/// A line as it came, with its end.
pub(super) struct Line(Vec<u8>);

impl Line {
    /// The line without its end; none where that is not CRLF, or a CR or LF stands elsewhere. Servers that took such lines let one mail be
    /// smuggled in another (RFC 5321, section 2.3.8).
    pub(super) fn content(&self) -> Option<&[u8]> {
        let content = self.0.strip_suffix(b"\r\n")?;
        (!content.contains(&b'\r') && !content.contains(&b'\n')).then_some(content)
    }

    /// How long it is with its end, in bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// The next line; none where the client has gone.
    pub(super) async fn line(&mut self) -> io::Result<Option<Line>> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.stream).take(MAX_ANY_LINE);
        let read = tokio::time::timeout(PATIENCE, bounded.read_until(b'\n', &mut line));
        read.await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        if line.len() as u64 == MAX_ANY_LINE {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a line without an end",
            ));
        }
        Ok(line.ends_with(b"\n").then_some(Line(line)))
    }

    /// Sends a reply: all its lines.
    pub(super) async fn say(&mut self, reply: &str) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(reply.as_bytes()).await?;
        stream.write_all(b"\r\n").await?;
        stream.flush().await
    }

    /// The bare connection; none where the client has sent more than it should before TLS.
    pub(super) fn into_stream(self) -> Option<S> {
        self.stream.buffer().is_empty().then(|| self.stream.into_inner())
    }
}
