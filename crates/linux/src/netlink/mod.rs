//! Netlink: a channel to the kernel, and dumps over it that know when they were interrupted.

mod channel;
mod dump;

pub use channel::{Channel, Family, NetlinkSocket};
pub use dump::{Dump, NetlinkError, dump};
