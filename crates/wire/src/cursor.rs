//! A reading position in a byte slice. Every read answers `None` at the end instead of panicking; the decoders
//! turn that into an error which names the structure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::WireError;

/// What is left to read of a slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The unread bytes.
    pub(crate) const fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// A read that fails uses up what is left: in a structure cut short, no later and smaller field may then be
    /// read from the bytes of an earlier and larger one.
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        if let Some((head, rest)) = self.rest.split_first_chunk::<N>() {
            self.rest = rest;
            Some(*head)
        } else {
            self.rest = &[];
            None
        }
    }

    pub(crate) fn skip(&mut self, count: usize) -> Option<()> {
        self.rest = self.rest.get(count..)?;
        Some(())
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_ne_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_ne_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_ne_bytes)
    }

    pub(crate) fn be16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// As many bytes as this; all that is left is used up where there are fewer.
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(count).unzip();
        self.rest = rest.unwrap_or_default();
        head
    }

    /// Bytes with a length of one byte before them.
    pub(crate) fn vector8(&mut self) -> Option<&'a [u8]> {
        let length = self.u8()?;
        self.take(length.into())
    }

    /// Bytes with a length of two bytes in network order before them.
    pub(crate) fn vector16(&mut self) -> Option<&'a [u8]> {
        let length = self.be16()?;
        self.take(length.into())
    }

    /// Bytes with a length of three bytes in network order before them.
    pub(crate) fn vector24(&mut self) -> Option<&'a [u8]> {
        let [high, middle, low] = self.array()?;
        self.take(usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()?)
    }
}

/// The error for a fixed structure of `needed` bytes that `bytes` is too short for.
pub(crate) const fn truncated(what: &'static str, needed: usize, bytes: &[u8]) -> WireError {
    WireError::Truncated { what, offset: 0, needed, available: bytes.len() }
}

/// An address as netlink attributes carry it: 4 or 16 bytes in network order.
pub(crate) fn ip_address(what: &'static str, bytes: &[u8]) -> Result<IpAddr, WireError> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Ok(IpAddr::V4(Ipv4Addr::from(v4)));
    }
    <[u8; 16]>::try_from(bytes).map(|v6| IpAddr::V6(Ipv6Addr::from(v6))).map_err(|_| WireError::WrongSize {
        what,
        expected: 16,
        actual: bytes.len(),
    })
}
