//! Socket monitoring of the internet protocols (`include/uapi/linux/inet_diag.h`, `net/ipv4/inet_diag.c`): TCP,
//! UDP, UDP-Lite, raw, MPTCP, SCTP over IPv4 and IPv6.
//!
//! [`Request`] asks, [`SocketMessage`] is one answer, [`Extensions`] are the answer's optional parts, and
//! [`bytecode`] is the program by which the kernel filters a dump.

mod attributes;
pub mod bytecode;
mod congestion;
mod memory;
mod message;
mod mptcp_info;
mod request;
mod socket_id;
mod sockopt;
mod tcp_info;
mod ulp;

pub use attributes::{Extensions, SctpAddresses};
pub use congestion::{BbrInfo, DctcpInfo, VegasInfo};
pub use memory::Memory;
pub use message::{SocketMessage, Timer};
pub use mptcp_info::MptcpInfo;
pub use request::{ExtensionSet, Request};
pub use socket_id::SocketId;
pub use sockopt::SocketOptions;
pub use tcp_info::{AccurateEcn, CongestionState, TcpInfo, TcpOptions};
pub use ulp::UpperLayer;
