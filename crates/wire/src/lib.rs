//! Bytes to types and back, for everything the socket inventory reads: netlink (socket monitoring, links,
//! addresses, generic netlink) and the text of `/proc`.
//!
//! This crate performs no I/O and trusts nothing it is given: every decoder takes a byte slice, borrows from it,
//! and answers with a value or an error that says where the bytes went wrong. Values the crate does not know
//! survive decoding as `Unknown(n)`.
#![forbid(unsafe_code)]

pub mod audit;
pub mod btf;
mod cursor;
pub mod dns_header;
pub mod enums;
mod error;
pub mod extended_error;
pub mod genetlink;
pub mod icmp_error;
pub mod inet_diag;
pub mod magnitude;
pub mod netfilter;
pub mod netlink;
pub mod packet_diag;
pub mod pki;
pub mod proc;
pub mod quic;
pub mod route;
pub mod sock_diag;
pub mod tls;
pub mod unix_diag;
pub mod vsock_diag;

pub use error::WireError;
