//! Connections and datagrams that are tried without privileges: what came of each, which ICMP message ended it and who sent
//! that, and what the kernel knows of a connection.
//!
//! Owns single sockets that never block; who tries what, how long, and what it means is decided by others. Another vantage point
//! than this host's is [`crate::vantage`]'s.

mod datagram;
mod echo;
mod options;
mod tcp;
#[cfg(test)]
mod tests;
mod wait;

pub use datagram::Datagrams;
pub use echo::EchoRequest;
pub use options::tcp_info;
pub use tcp::{Connection, Shape};
pub use wait::{Interest, wait};
