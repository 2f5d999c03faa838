//! Walking the messages of a received buffer and telling netlink's own messages from the family's.

use super::{Attributes, HEADER_LEN, Header, NLM_F_ACK_TLVS, NLM_F_CAPPED};
use crate::{WireError, cursor::Cursor};

const NLMSG_NOOP: u16 = 1;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLMSG_OVERRUN: u16 = 4;
const NLMSGERR_ATTR_MSG: u16 = 1;

/// One message of a received buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its header.
    pub header: Header,
    /// What follows the header, without padding.
    pub payload: &'a [u8],
}

/// What a message is to netlink itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class<'a> {
    /// To be ignored.
    Noop,
    /// The request failed, or (errno 0) is acknowledged.
    Error(ErrorMessage<'a>),
    /// A dump is complete, or ended early with this errno (0: complete).
    Done {
        /// A positive errno, or 0.
        errno: i32,
    },
    /// Messages were lost.
    Overrun,
    /// A message of the family; `header.kind` says which.
    Data,
}

/// `struct nlmsgerr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorMessage<'a> {
    /// A positive errno, or 0 for an acknowledgement.
    pub errno: i32,
    /// Header of the request this answers.
    pub request: Header,
    /// The kernel's own sentence, where it sent one (extended acknowledgement, must be asked for by socket option).
    pub explanation: Option<&'a str>,
}

impl<'a> Message<'a> {
    /// Tells netlink's own messages from the family's.
    pub fn classify(&self) -> Result<Class<'a>, WireError> {
        match self.header.kind {
            NLMSG_NOOP => Ok(Class::Noop),
            NLMSG_ERROR => self.error().map(Class::Error),
            // Kernels end a dump with an int; a missing one means success.
            NLMSG_DONE => Ok(Class::Done { errno: self.leading_errno().unwrap_or(0) }),
            NLMSG_OVERRUN => Ok(Class::Overrun),
            _ => Ok(Class::Data),
        }
    }

    fn leading_errno(&self) -> Option<i32> {
        let negative = Cursor::new(self.payload).array().map(i32::from_ne_bytes)?;
        Some(negative.saturating_neg())
    }

    fn error(&self) -> Result<ErrorMessage<'a>, WireError> {
        let short = WireError::Truncated {
            what: "nlmsgerr",
            offset: 0,
            needed: 4 + HEADER_LEN,
            available: self.payload.len(),
        };
        let errno = self.leading_errno().ok_or(short)?;
        let request = Header::decode(self.payload.get(4..).ok_or(short)?).map_err(|_| short)?;
        Ok(ErrorMessage { errno, request, explanation: self.explanation(&request) })
    }

    fn explanation(&self, request: &Header) -> Option<&'a str> {
        if !self.header.has(NLM_F_ACK_TLVS) {
            return None;
        }
        let echoed = if self.header.has(NLM_F_CAPPED) {
            HEADER_LEN
        } else {
            aligned(usize::try_from(request.len).ok()?)?
        };
        let attributes = Attributes::new(self.payload.get(4_usize.checked_add(echoed)?..)?);
        attributes.flatten().find(|attribute| attribute.kind == NLMSGERR_ATTR_MSG)?.str().ok()
    }
}

/// Iterates over the messages of one received buffer.
///
/// A damaged length ends the iteration after one `Err` that names the byte offset: what follows cannot be found.
#[derive(Debug, Clone)]
pub struct Messages<'a> {
    buffer: &'a [u8],
    offset: usize,
}

impl<'a> Messages<'a> {
    /// Over `buffer`, the bytes of one `recv`.
    #[must_use]
    pub const fn new(buffer: &'a [u8]) -> Self {
        Self { buffer, offset: 0 }
    }

    fn step(&mut self) -> Result<Message<'a>, WireError> {
        let rest = self.buffer.get(self.offset..).unwrap_or_default();
        let truncated = |needed| WireError::Truncated {
            what: "nlmsghdr",
            offset: self.offset,
            needed,
            available: rest.len(),
        };
        let header = Header::decode(rest).map_err(|_| truncated(HEADER_LEN))?;
        let len = usize::try_from(header.len).unwrap_or(usize::MAX);
        if len < HEADER_LEN {
            return Err(WireError::ShortLength { what: "nlmsghdr", offset: self.offset, length: len });
        }
        let payload = rest.get(HEADER_LEN..len).ok_or_else(|| truncated(len))?;
        // The last message may lack its padding.
        self.offset += aligned(len).unwrap_or(usize::MAX).min(rest.len());
        Ok(Message { header, payload })
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.offset >= self.buffer.len() {
            return None;
        }
        let message = self.step();
        if message.is_err() {
            self.offset = self.buffer.len();
        }
        Some(message)
    }
}

impl std::iter::FusedIterator for Messages<'_> {}

/// `NLMSG_ALIGN`: the next multiple of 4.
const fn aligned(len: usize) -> Option<usize> {
    match len.checked_add(3) {
        Some(sum) => Some(sum & !3),
        None => None,
    }
}
