//! `struct nlmsghdr`, the 16 bytes before every message, and its flag bits.

use crate::{WireError, cursor::Cursor};

/// Bytes of `struct nlmsghdr`.
pub const HEADER_LEN: usize = 16;

/// This is a request (every message to the kernel).
pub const NLM_F_REQUEST: u16 = 0x01;
/// One of several messages; the last one is of class [`super::Class::Done`].
pub const NLM_F_MULTI: u16 = 0x02;
/// Asks for an acknowledgement.
pub const NLM_F_ACK: u16 = 0x04;
/// Asks for the change to be echoed.
pub const NLM_F_ECHO: u16 = 0x08;
/// The table changed during the dump: entries may be missing or doubled, and the dump should be repeated.
pub const NLM_F_DUMP_INTR: u16 = 0x10;
/// The kernel filtered the dump as asked.
pub const NLM_F_DUMP_FILTERED: u16 = 0x20;
/// Return the whole table (on a request).
pub const NLM_F_ROOT: u16 = 0x100;
/// Return all that match (on a request).
pub const NLM_F_MATCH: u16 = 0x200;
/// Return everything: a dump (on a request).
pub const NLM_F_DUMP: u16 = NLM_F_ROOT | NLM_F_MATCH;
/// The error message repeats the request's header only (on an error message).
pub const NLM_F_CAPPED: u16 = 0x100;
/// Attributes with an explanation follow (on an error message).
pub const NLM_F_ACK_TLVS: u16 = 0x200;

/// `struct nlmsghdr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header {
    /// Bytes of the message including this header, without the padding after it.
    pub len: u32,
    /// `nlmsg_type`: below 16 reserved for netlink itself, otherwise the family's.
    pub kind: u16,
    /// `NLM_F_*` bits.
    pub flags: u16,
    /// Sequence number; an answer carries that of its request.
    pub seq: u32,
    /// Port id of the netlink socket the request came from; 0 is the kernel.
    pub pid: u32,
}

impl Header {
    /// Reads the header at the start of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(bytes);
        Self::read(&mut cursor).ok_or(WireError::Truncated {
            what: "nlmsghdr",
            offset: 0,
            needed: HEADER_LEN,
            available: bytes.len(),
        })
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        Some(Self {
            len: cursor.u32()?,
            kind: cursor.u16()?,
            flags: cursor.u16()?,
            seq: cursor.u32()?,
            pid: cursor.u32()?,
        })
    }

    /// The header as the kernel lays it out.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let parts = self
            .len
            .to_ne_bytes()
            .into_iter()
            .chain(self.kind.to_ne_bytes())
            .chain(self.flags.to_ne_bytes())
            .chain(self.seq.to_ne_bytes())
            .chain(self.pid.to_ne_bytes());
        for (slot, byte) in bytes.iter_mut().zip(parts) {
            *slot = byte;
        }
        bytes
    }

    /// Whether all bits of `flags` are set.
    #[must_use]
    pub const fn has(&self, flags: u16) -> bool {
        self.flags & flags == flags
    }
}
