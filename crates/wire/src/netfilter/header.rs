//! `struct nfgenmsg`, the fixed part of every message of nfnetlink (`include/uapi/linux/netfilter/nfnetlink.h`).

use crate::{WireError, cursor::Cursor, cursor::truncated};

/// The fixed part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NfHeader {
    /// `NFPROTO_*`: 0 none, 1 inet, 2 IPv4, 3 ARP, 5 netdev, 7 bridge, 10 IPv6.
    pub family: u8,
    /// Version; 0.
    pub version: u8,
    /// Depends on the subsystem.
    pub resource: u16,
}

impl NfHeader {
    /// Its bytes.
    #[must_use]
    pub const fn encode(self) -> [u8; 4] {
        let [high, low] = self.resource.to_be_bytes();
        [self.family, self.version, high, low]
    }

    /// Reads it, and what follows it.
    pub fn decode(payload: &[u8]) -> Result<(Self, &[u8]), WireError> {
        let mut cursor = Cursor::new(payload);
        let [family, version, high, low] = cursor.array().ok_or_else(|| truncated("nfgenmsg", 4, payload))?;
        Ok((Self { family, version, resource: u16::from_be_bytes([high, low]) }, cursor.rest()))
    }
}
