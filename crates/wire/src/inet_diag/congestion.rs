//! Details of the congestion control in use, where it reports any (`union tcp_cc_info`).

use crate::{
    WireError,
    cursor::{Cursor, truncated},
};

/// `struct tcpvegas_info`; also sent by other delay-based algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VegasInfo {
    /// Whether the algorithm is in effect.
    pub enabled: bool,
    /// Round-trip samples in the current round.
    pub rtt_count: u32,
    /// Round-trip time in microseconds.
    pub rtt: u32,
    /// Smallest round-trip time in microseconds.
    pub min_rtt: u32,
}

impl VegasInfo {
    /// Reads the attribute's value.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(bytes);
        let mut read = || {
            Some(Self {
                enabled: cursor.u32()? != 0,
                rtt_count: cursor.u32()?,
                rtt: cursor.u32()?,
                min_rtt: cursor.u32()?,
            })
        };
        read().ok_or_else(|| truncated("tcpvegas_info", 16, bytes))
    }
}

/// `struct tcp_dctcp_info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DctcpInfo {
    /// Whether the algorithm is in effect (otherwise it fell back to Reno).
    pub enabled: bool,
    /// Whether the last segment carried a congestion mark.
    pub ce_state: u16,
    /// Estimated share of marked bytes, in 1/1024.
    pub alpha: u32,
    /// Bytes acknowledged with a mark.
    pub acked_marked: u32,
    /// Bytes acknowledged.
    pub acked_total: u32,
}

impl DctcpInfo {
    /// Reads the attribute's value.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(bytes);
        let mut read = || {
            Some(Self {
                enabled: cursor.u16()? != 0,
                ce_state: cursor.u16()?,
                alpha: cursor.u32()?,
                acked_marked: cursor.u32()?,
                acked_total: cursor.u32()?,
            })
        };
        read().ok_or_else(|| truncated("tcp_dctcp_info", 16, bytes))
    }
}

/// `struct tcp_bbr_info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BbrInfo {
    /// Estimated bandwidth in bytes per second.
    pub bandwidth: u64,
    /// Smallest round-trip time in microseconds.
    pub min_rtt: u32,
    /// Pacing gain in 1/256.
    pub pacing_gain: u32,
    /// Congestion-window gain in 1/256.
    pub cwnd_gain: u32,
}

impl BbrInfo {
    /// Reads the attribute's value.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(bytes);
        let mut read = || {
            let (low, high) = (cursor.u32()?, cursor.u32()?);
            Some(Self {
                bandwidth: u64::from(high) << 32 | u64::from(low),
                min_rtt: cursor.u32()?,
                pacing_gain: cursor.u32()?,
                cwnd_gain: cursor.u32()?,
            })
        };
        read().ok_or_else(|| truncated("tcp_bbr_info", 20, bytes))
    }
}
