//! Why there is no vantage point.

use std::net::IpAddr;

use rustix::io::Errno;

use crate::netlink::NetlinkError;

/// Why there is no vantage point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VantageError {
    /// The namespace could not be made or entered.
    #[error("no network namespace could be made")]
    Namespace(#[source] Errno),
    /// A netlink socket could not be opened.
    #[error("no netlink socket could be opened")]
    Socket(#[source] Errno),
    /// The pair of interfaces could not be made or set up.
    #[error("no pair of virtual Ethernet interfaces could be made")]
    Pair(#[source] NetlinkError),
    /// An interface that was just made is not there.
    #[error("the interface that was made has gone again")]
    Gone,
    /// A source address could not be used.
    #[error("{address} cannot be used as a source")]
    Source {
        /// Which.
        address: IpAddr,
        /// Why; `EEXIST` where there is a route to it alone.
        source: NetlinkError,
    },
}
