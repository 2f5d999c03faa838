//! `struct inet_diag_msg`: one socket of an answer.

use super::{Extensions, SocketId};
use crate::{
    WireError,
    cursor::{Cursor, truncated},
    netlink::{Attributes, Message},
    sock_diag::{AddressFamily, SOCK_DIAG_BY_FAMILY, State},
    wire_enum,
};

wire_enum! {
    /// The timer that is pending (`idiag_timer`).
    pub enum Timer: u8 {
        /// None.
        Off = 0 => "off",
        /// Retransmission (of a request still queued: of the SYN-ACK).
        Retransmit = 1 => "on",
        /// Keepalive, or a FIN-WAIT-2 or linger timeout.
        Keepalive = 2 => "keepalive",
        /// The end of TIME-WAIT.
        TimeWait = 3 => "timewait",
        /// Zero-window probe.
        Persist = 4 => "persist",
    }
}

/// One socket. Decoding reads the fixed part only; [`SocketMessage::extensions`] reads the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketMessage<'a> {
    /// Address family of the socket itself; an IPv6 socket may carry IPv4-mapped addresses.
    pub family: AddressFamily,
    /// State; for protocols other than TCP see [`State`].
    pub state: State,
    /// The pending timer.
    pub timer: Timer,
    /// Retransmissions or probes sent since the timer's cause.
    pub retransmits: u8,
    /// Ends, interface, cookie.
    pub id: SocketId,
    /// Until the timer fires, in milliseconds.
    pub expires: u32,
    /// Bytes received and not yet read. Listening TCP: connections waiting to be accepted.
    pub receive_queue: u32,
    /// Bytes sent and not yet acknowledged. Listening TCP: limit of the accept queue.
    pub send_queue: u32,
    /// User the socket belongs to; 0 also for sockets in TIME-WAIT.
    pub uid: u32,
    /// Inode of the socket; 0 where no process can hold it any more (TIME-WAIT, orphans, queued requests).
    pub inode: u32,
    /// The optional parts, undecoded.
    pub attributes: Attributes<'a>,
}

impl<'a> SocketMessage<'a> {
    /// Bytes of `struct inet_diag_msg`.
    pub const LEN: usize = 72;

    /// Reads a message's payload.
    pub fn decode(payload: &'a [u8]) -> Result<Self, WireError> {
        Self::read(Cursor::new(payload)).ok_or_else(|| truncated("inet_diag_msg", Self::LEN, payload))
    }

    /// Reads `message`, after a look at its type.
    pub fn from_message(message: &Message<'a>) -> Result<Self, WireError> {
        match message.header.kind {
            SOCK_DIAG_BY_FAMILY => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "inet_diag_msg", kind }),
        }
    }

    /// Reads all optional parts in one pass.
    #[must_use]
    pub fn extensions(&self) -> Extensions<'a> {
        Extensions::decode(self.attributes.clone())
    }

    fn read(mut cursor: Cursor<'a>) -> Option<Self> {
        let family = AddressFamily::from(cursor.u8()?);
        Some(Self {
            family,
            state: State::from(cursor.u8()?),
            timer: Timer::from(cursor.u8()?),
            retransmits: cursor.u8()?,
            id: SocketId::read(&mut cursor, family)?,
            expires: cursor.u32()?,
            receive_queue: cursor.u32()?,
            send_queue: cursor.u32()?,
            uid: cursor.u32()?,
            inode: cursor.u32()?,
            attributes: Attributes::new(cursor.rest()),
        })
    }
}
