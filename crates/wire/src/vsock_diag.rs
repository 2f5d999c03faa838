//! Socket monitoring of virtual-machine sockets (`include/uapi/linux/vm_sockets_diag.h`).

use crate::{
    WireError,
    cursor::{Cursor, truncated},
    netlink::{Message, NLM_F_DUMP, NLM_F_REQUEST, fixed_request},
    sock_diag::{AddressFamily, SOCK_DIAG_BY_FAMILY, Shutdown, SocketType, State, StateSet, read_cookie},
};

/// Context or port number that means any.
pub const VSOCK_ANY: u32 = u32::MAX;

/// The request for a dump of the vsock sockets in `states`.
#[must_use]
pub fn dump_request(states: StateSet, seq: u32) -> Vec<u8> {
    let mut body = [0; 24];
    let fields = [AddressFamily::Vsock.value(), 0, 0, 0].into_iter().chain(states.0.to_ne_bytes());
    for (slot, byte) in body.iter_mut().zip(fields) {
        *slot = byte;
    }
    fixed_request(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, seq, body)
}

/// One vsock socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VsockSocket {
    /// Stream, datagram or sequenced packets.
    pub socket_type: SocketType,
    /// State.
    pub state: State,
    /// Directions shut down.
    pub shutdown: Shutdown,
    /// Context here: 1 this machine, 2 the host, [`VSOCK_ANY`].
    pub source_cid: u32,
    /// Port here, 32 bits wide.
    pub source_port: u32,
    /// Context of the peer.
    pub destination_cid: u32,
    /// Port of the peer.
    pub destination_port: u32,
    /// Inode, as in the targets of `/proc/PID/fd` links.
    pub inode: u32,
    /// The kernel's number for this socket.
    pub cookie: u64,
}

impl VsockSocket {
    /// Bytes of `struct vsock_diag_msg`.
    pub const LEN: usize = 32;

    /// Reads a message's payload.
    pub fn decode(payload: &[u8]) -> Result<Self, WireError> {
        Self::read(&mut Cursor::new(payload)).ok_or_else(|| truncated("vsock_diag_msg", Self::LEN, payload))
    }

    /// Reads `message`, after a look at its type.
    pub fn from_message(message: &Message<'_>) -> Result<Self, WireError> {
        match message.header.kind {
            SOCK_DIAG_BY_FAMILY => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "vsock_diag_msg", kind }),
        }
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let [_family, socket_type, state, shutdown] = cursor.array()?;
        Some(Self {
            socket_type: SocketType::from(socket_type),
            state: State::from(state),
            shutdown: Shutdown(shutdown),
            source_cid: cursor.u32()?,
            source_port: cursor.u32()?,
            destination_cid: cursor.u32()?,
            destination_port: cursor.u32()?,
            inode: cursor.u32()?,
            cookie: read_cookie(cursor)?,
        })
    }
}
