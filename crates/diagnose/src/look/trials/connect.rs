//! Connections for those who speak over them: handshakes and requests.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use portreeve_linux::trial::{Connection, Shape, tcp_info};

use super::tcp;
use crate::facts::{Outcome, Silence, Standing};

/// How large the segments of a connection may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Segments {
    /// As the way is thought to take them.
    #[default]
    Usual,
    /// As every way takes them: by them is seen whether a way swallows large packets.
    Small,
}

impl Segments {
    /// Bytes, where they are limited: within 576 bytes for IPv4 (RFC 9293, section 3.7.1), 1,280 for IPv6 (RFC 8200, section 5).
    pub(crate) fn limit(self, endpoint: SocketAddr) -> Option<u16> {
        match (self, endpoint.is_ipv4()) {
            (Self::Usual, _) => None,
            (Self::Small, true) => Some(536),
            (Self::Small, false) => Some(1_220),
        }
    }
}

/// A connection, blocking and without time limits of its own.
///
/// # Errors
/// What came of the trial instead.
pub(crate) fn connect(
    endpoint: SocketAddr,
    segments: Segments,
    limit: Duration,
) -> Result<TcpStream, Outcome> {
    let end = Instant::now() + limit;
    let shape = Shape { max_segment: segments.limit(endpoint), ..Shape::default() };
    let connection = Connection::start(endpoint, shape).map_err(|errno| tcp::at_once(errno, endpoint))?;
    match tcp::until(&connection, endpoint, end) {
        Some(Outcome::Connected(_)) => connection.into_stream().map_err(Outcome::Failed),
        Some(outcome) => Err(outcome),
        None => Err(Outcome::Silent(Silence { sent: 1 })),
    }
}

/// What the kernel knows of a connection on which nothing moves any more.
pub(crate) fn standing(stream: &TcpStream) -> Option<Standing> {
    let info = tcp_info(stream).ok()?;
    Some(Standing {
        announced_mss: info.advmss,
        mss: info.snd_mss,
        received: info.bytes_received.unwrap_or_default(),
        out_of_order: info.rcv_ooopack.unwrap_or_default(),
        unacknowledged: info.unacked,
        retransmissions: info.total_retrans,
    })
}
