//! Building requests: header, fixed part, attributes, with every length filled in at the end.

use super::{ATTRIBUTE_HEADER_LEN, HEADER_LEN, Header};
use crate::WireError;

const NLA_F_NESTED: u16 = 1 << 15;

/// A request without attributes: nothing in it can be too long.
#[must_use]
pub fn fixed_request<const N: usize>(kind: u16, flags: u16, seq: u32, body: [u8; N]) -> Vec<u8> {
    let mut builder = RequestBuilder::new(kind, flags, seq);
    builder.body(&body);
    builder.patched()
}

/// Builds one netlink request.
///
/// ```
/// use portreeve_wire::netlink::{Messages, NLM_F_DUMP, NLM_F_REQUEST, RequestBuilder};
///
/// let mut request = RequestBuilder::new(18, NLM_F_REQUEST | NLM_F_DUMP, 1);
/// request.body(&[0; 16]);
/// request.attribute(29, &1_u32.to_ne_bytes());
/// request.nested(18, |inner| { inner.attribute(1, b"vxlan\0"); });
/// let bytes = request.finish()?;
/// assert_eq!(Messages::new(&bytes).count(), 1);
/// # Ok::<(), portreeve_wire::WireError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RequestBuilder {
    bytes: Vec<u8>,
    header: Header,
    oversized: Option<WireError>,
}

impl RequestBuilder {
    /// A request of `nlmsg_type` `kind` with `NLM_F_*` bits `flags` and sequence number `seq`.
    #[must_use]
    pub fn new(kind: u16, flags: u16, seq: u32) -> Self {
        Self {
            bytes: vec![0; HEADER_LEN],
            header: Header { len: 0, kind, flags, seq, pid: 0 },
            oversized: None,
        }
    }

    /// Appends the fixed part, padded to a multiple of 4.
    pub fn body(&mut self, body: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(body);
        self.pad();
        self
    }

    /// Appends an attribute.
    pub fn attribute(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        let start = self.open(kind);
        self.bytes.extend_from_slice(value);
        self.close(start);
        self
    }

    /// Appends an attribute that holds the attributes which `fill` appends.
    pub fn nested(&mut self, kind: u16, fill: impl FnOnce(&mut Self)) -> &mut Self {
        let start = self.open(kind | NLA_F_NESTED);
        fill(self);
        self.close(start);
        self
    }

    /// The request's bytes, or what in it does not fit its length field.
    pub fn finish(self) -> Result<Vec<u8>, WireError> {
        let length = self.bytes.len();
        if u32::try_from(length).is_err() {
            return Err(WireError::TooLarge { what: "nlmsghdr", length, limit: u32::MAX as usize });
        }
        match self.oversized {
            Some(error) => Err(error),
            None => Ok(self.patched()),
        }
    }

    fn patched(mut self) -> Vec<u8> {
        self.header.len = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let header = self.header.encode();
        self.overwrite(0, &header);
        self.bytes
    }

    fn open(&mut self, kind: u16) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 2]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        start
    }

    fn close(&mut self, start: usize) {
        let length = self.bytes.len() - start;
        match u16::try_from(length) {
            Ok(length) => self.overwrite(start, &length.to_ne_bytes()),
            Err(_) => {
                self.oversized.get_or_insert(WireError::TooLarge {
                    what: "nlattr value",
                    length: length - ATTRIBUTE_HEADER_LEN,
                    limit: usize::from(u16::MAX) - ATTRIBUTE_HEADER_LEN,
                });
            }
        }
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize((self.bytes.len() + 3) & !3, 0);
    }

    fn overwrite(&mut self, at: usize, with: &[u8]) {
        for (slot, byte) in self.bytes.iter_mut().skip(at).zip(with) {
            *slot = *byte;
        }
    }
}
