//! A session that is established: what HTTP is asked over.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use rustls::{ClientConnection, Stream};

use crate::wire_tap::WireTap;

/// An encrypted connection. Reading and writing fail with [`io::ErrorKind::TimedOut`] at the deadline; an alert of the server is an
/// [`io::ErrorKind::InvalidData`] whose source is rustls' error; an end without `close_notify` is an
/// [`io::ErrorKind::UnexpectedEof`].
#[derive(Debug)]
pub struct Session {
    pub(super) connection: Box<ClientConnection>,
    pub(super) wire: WireTap,
}

impl Session {
    /// Until when reading and writing may take.
    pub fn set_deadline(&mut self, deadline: Instant) {
        self.wire.set_deadline(deadline);
    }

    /// The connection below.
    pub fn stream(&self) -> &TcpStream {
        self.wire.stream()
    }
}

impl Read for Session {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Stream::new(self.connection.as_mut(), &mut self.wire).read(buffer)
    }
}

impl Write for Session {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Stream::new(self.connection.as_mut(), &mut self.wire).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Stream::new(self.connection.as_mut(), &mut self.wire).flush()
    }
}
