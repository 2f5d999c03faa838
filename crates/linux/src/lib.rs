//! The operating system: netlink sockets, `/proc` walking, namespaces, capabilities, sysctls, bind probes, packets.
//!
//! The only crate that may contain `unsafe`. It performs what others decide: it reads, and reports what could not
//! be read; it judges nothing. Reads change nothing: the one call that occupies something for a moment is
//! [`probe`], and it says so. What sends packets or makes interfaces is [`raw_ip`], [`tap`], [`trial`] and [`vantage`]; what writes
//! is [`sysctl::write`].

pub mod bpf;
pub mod capabilities;
pub mod namespace;
pub mod netfilter;
pub mod netlink;
pub mod probe;
pub mod proc;
pub mod raw_ip;
pub mod sysctl;
pub mod system;
pub mod tap;
pub mod trial;
pub mod vantage;

pub use rustix::io::Errno;
