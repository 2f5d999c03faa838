//! Socket monitoring of Unix sockets (`include/uapi/linux/unix_diag.h`).

use crate::{
    WireError,
    cursor::{Cursor, truncated},
    netlink::{Attribute, Attributes, Message, NLM_F_DUMP, NLM_F_REQUEST, fixed_request},
    sock_diag::{
        AddressFamily, SOCK_DIAG_BY_FAMILY, Shutdown, SocketMemory, SocketType, State, StateSet, read_cookie,
    },
};

const UNIX_DIAG_NAME: u16 = 0;
const UNIX_DIAG_VFS: u16 = 1;
const UNIX_DIAG_PEER: u16 = 2;
const UNIX_DIAG_ICONS: u16 = 3;
const UNIX_DIAG_RQLEN: u16 = 4;
const UNIX_DIAG_MEMINFO: u16 = 5;
const UNIX_DIAG_SHUTDOWN: u16 = 6;
const UNIX_DIAG_UID: u16 = 7;

/// Which optional parts an answer shall have (`UDIAG_SHOW_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Show(pub u32);

impl Show {
    /// Path or abstract name.
    pub const NAME: Self = Self(0x01);
    /// Inode and device of the path.
    pub const VFS: Self = Self(0x02);
    /// Inode of the peer.
    pub const PEER: Self = Self(0x04);
    /// Inodes of connections waiting to be accepted.
    pub const PENDING: Self = Self(0x08);
    /// Queue lengths.
    pub const QUEUES: Self = Self(0x10);
    /// Memory and drops.
    pub const MEMORY: Self = Self(0x20);
    /// User.
    pub const UID: Self = Self(0x40);
    /// All of these.
    pub const ALL: Self = Self(0x7f);
}

/// The request for a dump of the Unix sockets in `states`.
#[must_use]
pub fn dump_request(states: StateSet, show: Show, seq: u32) -> Vec<u8> {
    request(NLM_F_REQUEST | NLM_F_DUMP, states, 0, show, seq)
}

/// The request for the one socket of this inode.
#[must_use]
pub fn exact_request(inode: u32, show: Show, seq: u32) -> Vec<u8> {
    request(NLM_F_REQUEST, StateSet::ALL, inode, show, seq)
}

fn request(flags: u16, states: StateSet, inode: u32, show: Show, seq: u32) -> Vec<u8> {
    let mut body = [0; 24];
    let fields = [AddressFamily::Unix.value(), 0, 0, 0]
        .into_iter()
        .chain(states.0.to_ne_bytes())
        .chain(inode.to_ne_bytes())
        .chain(show.0.to_ne_bytes())
        // Any cookie.
        .chain([0xff; 8]);
    for (slot, byte) in body.iter_mut().zip(fields) {
        *slot = byte;
    }
    fixed_request(SOCK_DIAG_BY_FAMILY, flags, seq, body)
}

/// The address of a Unix socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnixName<'a> {
    /// A path, without the NUL that ends it.
    Path(&'a [u8]),
    /// A name of the abstract namespace, without the NUL that begins it. It may contain further NULs.
    Abstract(&'a [u8]),
}

impl<'a> UnixName<'a> {
    fn decode(bytes: &'a [u8]) -> Option<Self> {
        match bytes {
            [] => None,
            [0, name @ ..] => Some(Self::Abstract(name)),
            path => path.split(|byte| *byte == 0).next().map(Self::Path),
        }
    }
}

/// One Unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnixSocket<'a> {
    /// Stream, datagram or sequenced packets.
    pub socket_type: SocketType,
    /// `Listen`, `Established` (also before the peer accepts) or `Close`.
    pub state: State,
    /// Inode, as in the targets of `/proc/PID/fd` links.
    pub inode: u32,
    /// The kernel's number for this socket.
    pub cookie: u64,
    /// The address it is bound to.
    pub name: Option<UnixName<'a>>,
    /// Inode and device (kernel encoding: minor in the low 20 bits) of the path.
    pub vfs: Option<(u32, u32)>,
    /// Inode of the connected socket.
    pub peer: Option<u32>,
    /// Connections waiting to be accepted.
    pub pending: Inodes<'a>,
    /// Bytes to be read; of a listening socket: connections waiting.
    pub receive_queue: Option<u32>,
    /// Bytes sent and not read by the peer; of a listening socket: limit of the accept queue.
    pub send_queue: Option<u32>,
    /// Memory and drops.
    pub memory: Option<SocketMemory>,
    /// Directions shut down.
    pub shutdown: Option<Shutdown>,
    /// User (Linux 5.3).
    pub uid: Option<u32>,
    /// Attributes unknown here.
    pub unknown: u16,
    /// Attributes that could not be read, and the first reason.
    pub damaged: Option<(u16, WireError)>,
}

impl<'a> UnixSocket<'a> {
    /// Reads a message's payload.
    pub fn decode(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(payload);
        let mut socket = Self::read(&mut cursor).ok_or_else(|| truncated("unix_diag_msg", 16, payload))?;
        for attribute in Attributes::new(cursor.rest()) {
            if let Err(error) = attribute.and_then(|attribute| socket.take(&attribute)) {
                let (count, first) = socket.damaged.unwrap_or((0, error));
                socket.damaged = Some((count.saturating_add(1), first));
            }
        }
        Ok(socket)
    }

    /// Reads `message`, after a look at its type.
    pub fn from_message(message: &Message<'a>) -> Result<Self, WireError> {
        match message.header.kind {
            SOCK_DIAG_BY_FAMILY => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "unix_diag_msg", kind }),
        }
    }

    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let [_family, socket_type, state, _pad] = cursor.array()?;
        Some(Self {
            socket_type: SocketType::from(socket_type),
            state: State::from(state),
            inode: cursor.u32()?,
            cookie: read_cookie(cursor)?,
            name: None,
            vfs: None,
            peer: None,
            pending: Inodes::default(),
            receive_queue: None,
            send_queue: None,
            memory: None,
            shutdown: None,
            uid: None,
            unknown: 0,
            damaged: None,
        })
    }

    fn take(&mut self, attribute: &Attribute<'a>) -> Result<(), WireError> {
        let payload = attribute.payload;
        match attribute.kind {
            UNIX_DIAG_NAME => self.name = UnixName::decode(payload),
            UNIX_DIAG_VFS => self.vfs = Some(pair("unix_diag_vfs", payload)?),
            UNIX_DIAG_PEER => self.peer = Some(attribute.u32()?),
            UNIX_DIAG_ICONS => self.pending = Inodes(payload),
            UNIX_DIAG_RQLEN => {
                let (receive, send) = pair("unix_diag_rqlen", payload)?;
                self.receive_queue = Some(receive);
                self.send_queue = Some(send);
            }
            UNIX_DIAG_MEMINFO => self.memory = Some(SocketMemory::decode(payload)?),
            UNIX_DIAG_SHUTDOWN => self.shutdown = Some(Shutdown(attribute.u8()?)),
            UNIX_DIAG_UID => self.uid = Some(attribute.u32()?),
            _ => self.unknown = self.unknown.saturating_add(1),
        }
        Ok(())
    }
}

/// An array of inodes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inodes<'a>(&'a [u8]);

impl Iterator for Inodes<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_ne_bytes(*first))
    }
}

fn pair(what: &'static str, bytes: &[u8]) -> Result<(u32, u32), WireError> {
    let mut cursor = Cursor::new(bytes);
    cursor.u32().zip(cursor.u32()).ok_or_else(|| truncated(what, 8, bytes))
}
