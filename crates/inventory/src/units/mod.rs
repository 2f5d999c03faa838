//! systemd units and socket activation: which unit a process belongs to, and which unit a held socket is for.
//!
//! Owns systemd's naming rules, the text of `systemctl list-sockets`, the command lines and settings of other
//! activators, and the `LISTEN_*` environment. Runs one program, `systemctl`, and only when asked to.

mod activators;
mod cgroup_path;
mod environment;
mod inetd;
mod names;
mod socket_table;
mod socket_units;

pub use activators::activator_of;
pub use cgroup_path::unit_of;
pub use environment::activation_from_environ;
pub use inetd::{InetdService, InetdServices};
pub use names::{as_service_instance, unescape};
pub use socket_table::{ListenAddress, ListenKind, SocketUnit};
pub use socket_units::SocketUnits;
