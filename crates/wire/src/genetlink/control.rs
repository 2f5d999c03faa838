//! The controller, which knows the families' numbers.

use super::header::{self, GenericMessage};
use crate::{
    WireError,
    netlink::{NLM_F_REQUEST, RequestBuilder},
};

const GENL_ID_CTRL: u16 = 16;
const CTRL_CMD_NEWFAMILY: u8 = 1;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
const CTRL_ATTR_VERSION: u16 = 3;

/// The request for the family of this name. The kernel answers ENOENT where it has no such family.
pub fn family_request(name: &str, seq: u32) -> Result<Vec<u8>, WireError> {
    let mut request = RequestBuilder::new(GENL_ID_CTRL, NLM_F_REQUEST, seq);
    request.body(&header::encode(CTRL_CMD_GETFAMILY, 1));
    let mut text = name.as_bytes().to_vec();
    text.push(0);
    request.attribute(CTRL_ATTR_FAMILY_NAME, &text);
    request.finish()
}

/// A family the kernel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family<'a> {
    /// The `nlmsg_type` of its messages; differs from boot to boot.
    pub id: u16,
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: Option<u32>,
}

impl<'a> Family<'a> {
    /// Reads the payload of the controller's answer.
    pub fn decode(payload: &'a [u8]) -> Result<Self, WireError> {
        let attributes = GenericMessage::decode(payload)?.expect("CTRL_CMD_NEWFAMILY", CTRL_CMD_NEWFAMILY)?;
        let (mut id, mut name, mut version) = (None, None, None);
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind {
                CTRL_ATTR_FAMILY_ID => id = Some(attribute.u16()?),
                CTRL_ATTR_FAMILY_NAME => name = Some(attribute.str()?),
                CTRL_ATTR_VERSION => version = Some(attribute.u32()?),
                _ => {}
            }
        }
        Ok(Self {
            id: id.ok_or(WireError::Missing { what: "CTRL_ATTR_FAMILY_ID" })?,
            name: name.ok_or(WireError::Missing { what: "CTRL_ATTR_FAMILY_NAME" })?,
            version,
        })
    }
}
