//! Matches (`-m NAME`), each by the kernel's own rules.

mod connection;
mod dispatch;
mod headers;
mod icmp;
mod packet;
mod place;
mod set;
mod stateful;
mod transport;

pub(super) use dispatch::statements;
pub(super) use packet::traffic_class;
pub(super) use place::link;
