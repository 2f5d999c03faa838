//! Socket monitoring of packet sockets, the sniffers' tool (`include/uapi/linux/packet_diag.h`).

use crate::{
    WireError,
    cursor::{Cursor, truncated},
    netlink::{Attribute, Attributes, Message, NLM_F_DUMP, NLM_F_REQUEST, fixed_request},
    sock_diag::{AddressFamily, SOCK_DIAG_BY_FAMILY, SocketMemory, SocketType, read_cookie},
    wire_enum,
};

const PACKET_DIAG_INFO: u16 = 0;
const PACKET_DIAG_MCLIST: u16 = 1;
const PACKET_DIAG_RX_RING: u16 = 2;
const PACKET_DIAG_TX_RING: u16 = 3;
const PACKET_DIAG_FANOUT: u16 = 4;
const PACKET_DIAG_UID: u16 = 5;
const PACKET_DIAG_MEMINFO: u16 = 6;
const PACKET_DIAG_FILTER: u16 = 7;

/// Which optional parts an answer shall have (`PACKET_SHOW_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Show(pub u32);

impl Show {
    /// [`PacketInfo`] and the user.
    pub const INFO: Self = Self(0x01);
    /// Memberships, promiscuous mode among them.
    pub const MEMBERSHIPS: Self = Self(0x02);
    /// Rings.
    pub const RINGS: Self = Self(0x04);
    /// Fanout group.
    pub const FANOUT: Self = Self(0x08);
    /// Memory and drops.
    pub const MEMORY: Self = Self(0x10);
    /// The attached filter.
    pub const FILTER: Self = Self(0x20);
    /// All of these.
    pub const ALL: Self = Self(0x3f);
}

/// The request for a dump of all packet sockets.
#[must_use]
pub fn dump_request(show: Show, seq: u32) -> Vec<u8> {
    let mut body = [0; 20];
    let fields = [AddressFamily::Packet.value(), 0, 0, 0]
        .into_iter()
        // The inode is ignored by dumps.
        .chain([0; 4])
        .chain(show.0.to_ne_bytes())
        .chain([0xff; 8]);
    for (slot, byte) in body.iter_mut().zip(fields) {
        *slot = byte;
    }
    fixed_request(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, seq, body)
}

/// One packet socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacketSocket<'a> {
    /// `Raw` (with link header), `Datagram` (without) or the obsolete `Packet`.
    pub socket_type: SocketType,
    /// Ethernet protocol it receives: 0x0003 is all, 0x0800 IPv4, 0 none.
    pub protocol: u16,
    /// Inode, as in the targets of `/proc/PID/fd` links.
    pub inode: u32,
    /// The kernel's number for this socket.
    pub cookie: u64,
    /// Interface, version, flags.
    pub info: Option<PacketInfo>,
    /// Memberships it asked for.
    pub memberships: Memberships<'a>,
    /// Receive ring, where one is mapped.
    pub receive_ring: Option<Ring>,
    /// Transmit ring, where one is mapped.
    pub transmit_ring: Option<Ring>,
    /// Fanout group number and type.
    pub fanout: Option<(u16, u16)>,
    /// User.
    pub uid: Option<u32>,
    /// Memory and drops.
    pub memory: Option<SocketMemory>,
    /// Instructions of the attached classic BPF filter. 0 where a filter may exist but is not shown for want of
    /// permission; `None` where there is none.
    pub filter: Option<usize>,
    /// Attributes unknown here.
    pub unknown: u16,
    /// Attributes that could not be read, and the first reason.
    pub damaged: Option<(u16, WireError)>,
}

/// `struct packet_diag_info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PacketInfo {
    /// Interface it is bound to, 0 for all.
    pub interface: u32,
    /// Version of the ring format (0: `TPACKET_V1`, 2: `TPACKET_V3`).
    pub version: u32,
    /// Bytes reserved before each frame in the ring.
    pub reserve: u32,
    /// Packets shorter than this are queued as well as put in the ring.
    pub copy_threshold: u32,
    /// Which clock stamps packets.
    pub timestamp: u32,
    /// `PDI_*` bits, see the accessors.
    pub flags: u32,
}

impl PacketInfo {
    /// `PDI_RUNNING`: it is receiving.
    #[must_use]
    pub const fn running(self) -> bool {
        self.flags & 0x1 != 0
    }

    /// `PDI_AUXDATA`: each packet comes with metadata.
    #[must_use]
    pub const fn auxiliary_data(self) -> bool {
        self.flags & 0x2 != 0
    }

    /// `PDI_ORIGDEV`: the original interface is reported for bonded ones.
    #[must_use]
    pub const fn original_device(self) -> bool {
        self.flags & 0x4 != 0
    }

    /// `PDI_VNETHDR`: each packet has a virtio header.
    #[must_use]
    pub const fn virtio_header(self) -> bool {
        self.flags & 0x8 != 0
    }

    /// `PDI_LOSS`: malformed packets are dropped from the transmit ring.
    #[must_use]
    pub const fn loss(self) -> bool {
        self.flags & 0x10 != 0
    }

    fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(bytes);
        let mut read = || {
            Some(Self {
                interface: cursor.u32()?,
                version: cursor.u32()?,
                reserve: cursor.u32()?,
                copy_threshold: cursor.u32()?,
                timestamp: cursor.u32()?,
                flags: cursor.u32()?,
            })
        };
        read().ok_or_else(|| truncated("packet_diag_info", 24, bytes))
    }
}

/// `struct packet_diag_ring`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ring {
    /// Bytes in a block.
    pub block_size: u32,
    /// Blocks.
    pub blocks: u32,
    /// Bytes in a frame.
    pub frame_size: u32,
    /// Frames.
    pub frames: u32,
    /// Milliseconds after which a block is handed over unfilled.
    pub retire_timeout: u32,
    /// Bytes the program reserved in each block.
    pub private_size: u32,
    /// `TP_FT_REQ_*` bits.
    pub features: u32,
}

impl Ring {
    fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(bytes);
        let mut read = || {
            Some(Self {
                block_size: cursor.u32()?,
                blocks: cursor.u32()?,
                frame_size: cursor.u32()?,
                frames: cursor.u32()?,
                retire_timeout: cursor.u32()?,
                private_size: cursor.u32()?,
                features: cursor.u32()?,
            })
        };
        read().ok_or_else(|| truncated("packet_diag_ring", 28, bytes))
    }
}

wire_enum! {
    /// What a packet socket asked an interface to receive (`PACKET_MR_*`).
    pub enum MembershipKind: u16 {
        /// A multicast address.
        Multicast = 0 => "multicast",
        /// Everything on the wire.
        Promiscuous = 1 => "promiscuous",
        /// Every multicast.
        AllMulticast = 2 => "all-multicast",
        /// A further unicast address.
        Unicast = 3 => "unicast",
    }
}

/// One membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Membership {
    /// The interface.
    pub interface: u32,
    /// How often it was asked for.
    pub count: u32,
    /// What was asked for.
    pub kind: MembershipKind,
}

/// An array of `struct packet_diag_mclist`, 44 bytes each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memberships<'a>(&'a [u8]);

impl Iterator for Memberships<'_> {
    type Item = Membership;

    fn next(&mut self) -> Option<Membership> {
        const PACKET_DIAG_MCLIST_LEN: usize = 44;
        let (entry, rest) = self.0.split_first_chunk::<PACKET_DIAG_MCLIST_LEN>()?;
        self.0 = rest;
        let mut cursor = Cursor::new(entry);
        Some(Membership {
            interface: cursor.u32()?,
            count: cursor.u32()?,
            kind: MembershipKind::from(cursor.u16()?),
        })
    }
}

impl<'a> PacketSocket<'a> {
    /// Reads a message's payload.
    pub fn decode(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(payload);
        let mut socket = Self::read(&mut cursor).ok_or_else(|| truncated("packet_diag_msg", 16, payload))?;
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
            kind => Err(WireError::WrongKind { what: "packet_diag_msg", kind }),
        }
    }

    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let [_family, socket_type] = cursor.array()?;
        Some(Self {
            socket_type: SocketType::from(socket_type),
            protocol: cursor.u16()?,
            inode: cursor.u32()?,
            cookie: read_cookie(cursor)?,
            info: None,
            memberships: Memberships::default(),
            receive_ring: None,
            transmit_ring: None,
            fanout: None,
            uid: None,
            memory: None,
            filter: None,
            unknown: 0,
            damaged: None,
        })
    }

    fn take(&mut self, attribute: &Attribute<'a>) -> Result<(), WireError> {
        const SOCK_FILTER_LEN: usize = 8;
        let payload = attribute.payload;
        match attribute.kind {
            PACKET_DIAG_INFO => self.info = Some(PacketInfo::decode(payload)?),
            PACKET_DIAG_MCLIST => self.memberships = Memberships(payload),
            PACKET_DIAG_RX_RING => self.receive_ring = Some(Ring::decode(payload)?),
            PACKET_DIAG_TX_RING => self.transmit_ring = Some(Ring::decode(payload)?),
            PACKET_DIAG_FANOUT => {
                // Group in the low half, type in the high half, of one u32.
                let [a, b, c, d] = attribute.u32()?.to_le_bytes();
                self.fanout = Some((u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])));
            }
            PACKET_DIAG_UID => self.uid = Some(attribute.u32()?),
            PACKET_DIAG_MEMINFO => self.memory = Some(SocketMemory::decode(payload)?),
            PACKET_DIAG_FILTER => self.filter = Some(payload.len() / SOCK_FILTER_LEN),
            _ => self.unknown = self.unknown.saturating_add(1),
        }
        Ok(())
    }
}
