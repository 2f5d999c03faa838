//! Netlink: a channel to the kernel, questions over it, and dumps that know when they were interrupted.

mod ask;
mod change;
mod channel;
mod dump;
mod subscription;

pub use ask::ask;
pub use change::change;
pub use channel::{Channel, Family, NetlinkSocket};
pub use dump::{Dump, NetlinkError, dump};
pub use subscription::Subscription;
