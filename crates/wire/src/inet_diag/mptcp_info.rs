//! `struct mptcp_info` (`include/uapi/linux/mptcp.h`), grown over kernel releases.

use crate::{
    WireError,
    cursor::{Cursor, truncated},
};

/// State of one MPTCP connection. `None` stands for what the kernel is too old to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MptcpInfo {
    /// Subflows beyond the first one.
    pub subflows: u8,
    /// Addresses announced to the peer.
    pub add_addr_signal: u8,
    /// Addresses accepted from the peer.
    pub add_addr_accepted: u8,
    /// Limit of `subflows`.
    pub subflows_max: u8,
    /// Limit of `add_addr_signal`.
    pub add_addr_signal_max: u8,
    /// Limit of `add_addr_accepted`.
    pub add_addr_accepted_max: u8,
    /// Bit 0: fell back to plain TCP; bit 1: the peer's key is known.
    pub flags: u32,
    /// Token of the connection here.
    pub token: u32,
    /// Next data sequence number to be written.
    pub write_seq: u64,
    /// First unacknowledged data sequence number.
    pub snd_una: u64,
    /// Next expected data sequence number.
    pub rcv_nxt: u64,
    /// Local addresses in use beyond the first one.
    pub local_addr_used: Option<u8>,
    /// Limit of `local_addr_used`.
    pub local_addr_max: Option<u8>,
    /// Whether data checksums are in use.
    pub checksum_enabled: Option<bool>,
    /// Retransmissions at the MPTCP level.
    pub retransmits: Option<u32>,
    /// Bytes retransmitted at the MPTCP level.
    pub bytes_retrans: Option<u64>,
    /// Bytes sent.
    pub bytes_sent: Option<u64>,
    /// Bytes received.
    pub bytes_received: Option<u64>,
    /// Bytes acknowledged.
    pub bytes_acked: Option<u64>,
    /// All subflows, the first one included.
    pub subflows_total: Option<u8>,
    /// Milliseconds since data was last sent.
    pub last_data_sent: Option<u32>,
    /// Milliseconds since data was last received.
    pub last_data_recv: Option<u32>,
    /// Milliseconds since an acknowledgement was last received.
    pub last_ack_recv: Option<u32>,
}

impl MptcpInfo {
    /// Reads as much as `bytes` holds; the first 40 bytes are in every kernel with MPTCP monitoring.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        Self::read(&mut Cursor::new(bytes)).ok_or_else(|| truncated("mptcp_info", 40, bytes))
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let [subflows, add_addr_signal, add_addr_accepted] = cursor.array()?;
        let [subflows_max, add_addr_signal_max, add_addr_accepted_max, _, _] = cursor.array()?;
        let (flags, token) = (cursor.u32()?, cursor.u32()?);
        let (write_seq, snd_una, rcv_nxt) = (cursor.u64()?, cursor.u64()?, cursor.u64()?);
        let (local_addr_used, local_addr_max) = (cursor.u8(), cursor.u8());
        let checksum_enabled = cursor.u8().map(|byte| byte != 0);
        let _hole = cursor.u8();
        let retransmits = cursor.u32();
        let (bytes_retrans, bytes_sent) = (cursor.u64(), cursor.u64());
        let (bytes_received, bytes_acked) = (cursor.u64(), cursor.u64());
        let subflows_total = cursor.u8();
        let _reserved = cursor.array::<3>();
        Some(Self {
            subflows,
            add_addr_signal,
            add_addr_accepted,
            subflows_max,
            add_addr_signal_max,
            add_addr_accepted_max,
            flags,
            token,
            write_seq,
            snd_una,
            rcv_nxt,
            local_addr_used,
            local_addr_max,
            checksum_enabled,
            retransmits,
            bytes_retrans,
            bytes_sent,
            bytes_received,
            bytes_acked,
            subflows_total,
            last_data_sent: cursor.u32(),
            last_data_recv: cursor.u32(),
            last_ack_recv: cursor.u32(),
        })
    }
}
