//! A connection with a deadline, whose first bytes are kept.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::stream_error::timed_out;

/// As many bytes as are kept of what a server sends: the first record's head and what is in it, or a banner.
const KEPT: usize = 512;

/// A connection that keeps what came first.
#[derive(Debug)]
pub(crate) struct WireTap {
    stream: TcpStream,
    deadline: Instant,
    first: Vec<u8>,
    last: Vec<u8>,
    sent: Vec<u8>,
    received: u64,
}

impl WireTap {
    pub(crate) fn new(stream: TcpStream, deadline: Instant) -> Self {
        Self { stream, deadline, first: Vec::new(), last: Vec::new(), sent: Vec::new(), received: 0 }
    }

    pub(crate) fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// The first bytes that came, at most 512.
    pub(crate) fn first(&self) -> &[u8] {
        &self.first
    }

    /// The bytes of the last read, at most 512.
    pub(crate) fn last(&self) -> &[u8] {
        &self.last
    }

    /// The bytes of the last write, at most 512.
    pub(crate) fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// How many bytes came.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// What is left until the deadline; none is an error, since a wait of zero would be one without end.
    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for WireTap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        let count = self.stream.read(buffer).map_err(timed_out)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        let room = KEPT.saturating_sub(self.first.len()).min(count);
        self.first.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.last = bytes.get(..count.min(KEPT)).unwrap_or_default().to_vec();
        self.received += count as u64;
        Ok(count)
    }
}

impl Write for WireTap {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.sent = bytes.get(..bytes.len().min(KEPT)).unwrap_or_default().to_vec();
        self.stream.write(bytes).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
