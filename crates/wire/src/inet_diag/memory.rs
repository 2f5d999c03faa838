//! `struct inet_diag_meminfo`.

use crate::{
    WireError,
    cursor::{Cursor, truncated},
};

/// Memory of a socket in bytes, the older and smaller set of counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Memory {
    /// Received data not yet read, with overhead.
    pub receive: u32,
    /// Data queued to be sent, with overhead.
    pub send_queued: u32,
    /// Reserved for future use by the socket.
    pub forward: u32,
    /// Data handed to the lower layers.
    pub send: u32,
}

impl Memory {
    /// Reads the attribute's value.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        Self::read(&mut Cursor::new(bytes)).ok_or_else(|| truncated("inet_diag_meminfo", 16, bytes))
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        Some(Self {
            receive: cursor.u32()?,
            send_queued: cursor.u32()?,
            forward: cursor.u32()?,
            send: cursor.u32()?,
        })
    }
}
