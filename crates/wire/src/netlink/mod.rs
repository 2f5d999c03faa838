//! The netlink envelope: message headers, attributes, requests (RFC 3549, `include/uapi/linux/netlink.h`).
//!
//! Everything is in the byte order of this machine, as the kernel writes it. What messages mean is decided by the
//! modules of the families ([`crate::inet_diag`], [`crate::route`], [`crate::genetlink`], ...).

mod attribute;
mod header;
mod message;
mod request;

pub use attribute::{ATTRIBUTE_HEADER_LEN, Attribute, Attributes};
pub use header::{
    HEADER_LEN, Header, NLM_F_ACK, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_DUMP, NLM_F_DUMP_FILTERED,
    NLM_F_DUMP_INTR, NLM_F_ECHO, NLM_F_MATCH, NLM_F_MULTI, NLM_F_REQUEST, NLM_F_ROOT,
};
pub use message::{Class, ErrorMessage, Message, Messages};
pub use request::{RequestBuilder, fixed_request};
