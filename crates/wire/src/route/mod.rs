//! Interfaces and addresses of a network namespace (rtnetlink, `include/uapi/linux/rtnetlink.h`).

mod address;
mod link;

pub use address::{Address, RTM_NEWADDR, Scope, dump_addresses};
pub use link::{IFF_LOOPBACK, IFF_PROMISC, IFF_UP, Link, RTM_NEWLINK, dump_links};
