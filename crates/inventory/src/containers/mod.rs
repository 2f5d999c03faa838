//! Containers behind processes: which container a cgroup path means, and what the runtimes' state files say of it.
//!
//! Owns the shapes of cgroup paths, the layout of state files and the command lines of port forwarders; refuses to
//! talk to any runtime's API socket (a look must not wake a daemon) and to walk processes.

mod cgroup_path;
mod containerd;
mod docker;
mod forwarder;
mod lookup;
mod machines;
mod oci;
mod published;
mod roots;
mod state_file;
mod storage;
mod trouble;

pub use cgroup_path::{ContainerRef, identify};
pub use forwarder::{PortForward, forward_of, monitored_container};
pub use lookup::Lookup;
pub use published::{ContainerState, Published};
pub use roots::{Home, Roots};
