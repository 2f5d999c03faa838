//! `struct genlmsghdr`: the command before the attributes.

use crate::{
    WireError,
    cursor::{Cursor, truncated},
    netlink::Attributes,
};

/// Bytes of `struct genlmsghdr`.
pub const GENERIC_HEADER_LEN: usize = 4;

/// A generic netlink message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenericMessage<'a> {
    /// The family's command.
    pub command: u8,
    /// The family's version.
    pub version: u8,
    /// The attributes, in the numbering of the family.
    pub attributes: Attributes<'a>,
}

impl<'a> GenericMessage<'a> {
    /// Reads a message's payload.
    pub fn decode(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(payload);
        let [command, version, _, _] =
            cursor.array().ok_or_else(|| truncated("genlmsghdr", GENERIC_HEADER_LEN, payload))?;
        Ok(Self { command, version, attributes: Attributes::new(cursor.rest()) })
    }

    /// The attributes, provided the command is `command`.
    pub(super) fn expect(self, what: &'static str, command: u8) -> Result<Attributes<'a>, WireError> {
        if self.command == command {
            Ok(self.attributes)
        } else {
            Err(WireError::WrongKind { what, kind: u16::from(self.command) })
        }
    }
}

/// `struct genlmsghdr` of a request.
pub(super) const fn encode(command: u8, version: u8) -> [u8; GENERIC_HEADER_LEN] {
    [command, version, 0, 0]
}
