//! The operating system: netlink sockets, `/proc` walking, namespaces, capabilities, sysctls, bind probes.
//!
//! The only crate that may contain `unsafe`. It performs what others decide: it reads, and reports what could not
//! be read; it judges nothing. Reads change nothing: the one call that occupies something for a moment is
//! [`probe`], and it says so.

pub mod bpf;
pub mod capabilities;
pub mod namespace;
pub mod netlink;
pub mod probe;
pub mod proc;
pub mod sysctl;
pub mod system;

pub use rustix::io::Errno;
