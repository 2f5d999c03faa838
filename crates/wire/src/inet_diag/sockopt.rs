//! `struct inet_diag_sockopt`: two bytes of bit fields.

use crate::{
    WireError,
    cursor::{Cursor, truncated},
};

/// Socket options a process set, as bits. Bit fields begin at the low bit on little-endian and at the high bit on
/// big-endian machines; the accessors know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketOptions {
    first: u8,
    second: u8,
}

impl SocketOptions {
    /// Reads the attribute's value; a second byte that is missing counts as zeros.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(bytes);
        let first = cursor.u8().ok_or_else(|| truncated("inet_diag_sockopt", 1, bytes))?;
        Ok(Self { first, second: cursor.u8().unwrap_or(0) })
    }

    /// `IP_RECVERR`: errors are queued for the program.
    #[must_use]
    pub const fn receive_errors(self) -> bool {
        bit(self.first, 0)
    }

    /// The socket is connection-oriented.
    #[must_use]
    pub const fn connection_oriented(self) -> bool {
        bit(self.first, 1)
    }

    /// `IP_FREEBIND`: may bind to addresses this machine does not have.
    #[must_use]
    pub const fn free_bind(self) -> bool {
        bit(self.first, 2)
    }

    /// `IP_HDRINCL`: the program writes IP headers itself.
    #[must_use]
    pub const fn header_included(self) -> bool {
        bit(self.first, 3)
    }

    /// `IP_MULTICAST_LOOP`.
    #[must_use]
    pub const fn multicast_loop(self) -> bool {
        bit(self.first, 4)
    }

    /// `IP_TRANSPARENT`: transparent proxying.
    #[must_use]
    pub const fn transparent(self) -> bool {
        bit(self.first, 5)
    }

    /// `IP_MULTICAST_ALL`.
    #[must_use]
    pub const fn multicast_all(self) -> bool {
        bit(self.first, 6)
    }

    /// `IP_NODEFRAG`.
    #[must_use]
    pub const fn no_defragmentation(self) -> bool {
        bit(self.first, 7)
    }

    /// `IP_BIND_ADDRESS_NO_PORT`.
    #[must_use]
    pub const fn bind_address_no_port(self) -> bool {
        bit(self.second, 0)
    }

    /// `IP_RECVERR_RFC4884`.
    #[must_use]
    pub const fn receive_errors_rfc4884(self) -> bool {
        bit(self.second, 1)
    }

    /// `TCP_FASTOPEN_CONNECT`: the connection is made with the first data.
    #[must_use]
    pub const fn deferred_connect(self) -> bool {
        bit(self.second, 2)
    }
}

const fn bit(byte: u8, field: u8) -> bool {
    let shift = if cfg!(target_endian = "big") { 7 - field } else { field };
    byte >> shift & 1 != 0
}
