//! Servers with the software that people run in them, each in namespaces of its own.
//!
//! Owns what is the same for everybody who looks at such a server: starting the software and clearing away after it. Refuses
//! expectations, which are the tests'.

mod cgroup;
mod docker;
mod fail2ban;
mod firewalld;
mod server;

pub use crate::own_files::Iptables;
pub(crate) use docker::Daemon;
pub use docker::Docker;
pub use fail2ban::Fail2ban;
pub use firewalld::Firewalld;
pub use server::{INTERNET, PATIENCE, Site};
