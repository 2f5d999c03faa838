//! `struct nlattr`: the length-type-value triples after a message's fixed part.

use crate::{WireError, cursor::Cursor};

/// Bytes of `struct nlattr`.
pub const ATTRIBUTE_HEADER_LEN: usize = 4;

const NLA_F_NESTED: u16 = 1 << 15;
const NLA_F_NET_BYTEORDER: u16 = 1 << 14;
const NLA_TYPE_MASK: u16 = !(NLA_F_NESTED | NLA_F_NET_BYTEORDER);

/// One attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// `nla_type` without its two flag bits.
    pub kind: u16,
    /// The sender set `NLA_F_NESTED`. Many kernel families nest without saying so.
    pub nested: bool,
    /// The sender set `NLA_F_NET_BYTEORDER`.
    pub net_byteorder: bool,
    /// The value, without padding.
    pub payload: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// The value as one byte.
    pub fn u8(&self) -> Result<u8, WireError> {
        self.exactly().map(|[byte]| byte)
    }

    /// The value as a `u16` of this machine's byte order.
    pub fn u16(&self) -> Result<u16, WireError> {
        self.exactly().map(u16::from_ne_bytes)
    }

    /// The value as a `u16` in network byte order.
    pub fn be16(&self) -> Result<u16, WireError> {
        self.exactly().map(u16::from_be_bytes)
    }

    /// The value as a `u32` of this machine's byte order.
    pub fn u32(&self) -> Result<u32, WireError> {
        self.exactly().map(u32::from_ne_bytes)
    }

    /// The value as an `i32` of this machine's byte order.
    pub fn i32(&self) -> Result<i32, WireError> {
        self.exactly().map(i32::from_ne_bytes)
    }

    /// The value as a `u64` of this machine's byte order.
    pub fn u64(&self) -> Result<u64, WireError> {
        self.exactly().map(u64::from_ne_bytes)
    }

    /// The value up to its first NUL, as text.
    pub fn str(&self) -> Result<&'a str, WireError> {
        let text = self.payload.split(|byte| *byte == 0).next().unwrap_or_default();
        std::str::from_utf8(text).map_err(|error| WireError::WrongSize {
            what: "UTF-8 text of an nlattr",
            expected: text.len(),
            actual: error.valid_up_to(),
        })
    }

    /// The value as attributes of its own.
    #[must_use]
    pub const fn attributes(&self) -> Attributes<'a> {
        Attributes::new(self.payload)
    }

    fn exactly<const N: usize>(&self) -> Result<[u8; N], WireError> {
        self.payload.try_into().map_err(|_| WireError::WrongSize {
            what: "nlattr value",
            expected: N,
            actual: self.payload.len(),
        })
    }
}

/// Iterates over attributes.
///
/// A damaged length ends the iteration after one `Err` that names the byte offset within the attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Attributes<'a> {
    /// Over `bytes`, which begin with the first attribute's header.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    fn step(&mut self) -> Result<Attribute<'a>, WireError> {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let truncated = |needed| WireError::Truncated {
            what: "nlattr",
            offset: self.offset,
            needed,
            available: rest.len(),
        };
        let mut cursor = Cursor::new(rest);
        let (Some(len), Some(kind)) = (cursor.u16(), cursor.u16()) else {
            return Err(truncated(ATTRIBUTE_HEADER_LEN));
        };
        let len = usize::from(len);
        if len < ATTRIBUTE_HEADER_LEN {
            return Err(WireError::ShortLength { what: "nlattr", offset: self.offset, length: len });
        }
        let payload = rest.get(ATTRIBUTE_HEADER_LEN..len).ok_or_else(|| truncated(len))?;
        // NLA_ALIGN; the last attribute may lack its padding.
        self.offset += ((len + 3) & !3).min(rest.len());
        Ok(Attribute {
            kind: kind & NLA_TYPE_MASK,
            nested: kind & NLA_F_NESTED != 0,
            net_byteorder: kind & NLA_F_NET_BYTEORDER != 0,
            payload,
        })
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.offset >= self.bytes.len() {
            return None;
        }
        let attribute = self.step();
        if attribute.is_err() {
            self.offset = self.bytes.len();
        }
        Some(attribute)
    }
}

impl std::iter::FusedIterator for Attributes<'_> {}
