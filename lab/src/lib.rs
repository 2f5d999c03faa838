//! Hosts as network namespaces joined by virtual Ethernet, real processes in them, scenarios with expectations.
//!
//! The crate is for tests only. A [`Lab`] owns everything it makes (namespaces, links, processes, files) and
//! removes it when dropped, when the test panics, and when the test process is killed. It refuses to run
//! without root rather than pass by skipping, and it never changes anything in the machine's own namespace.
//!
//! ```no_run
//! use portreeve_lab::{Command, Lab, Transport};
//! use std::time::Duration;
//!
//! # fn main() -> portreeve_lab::Result<()> {
//! let lab = Lab::new("example")?;
//! let server = lab.host("server").start()?;
//! let client = lab.host("client").start()?;
//! lab.link(("server", "eth0", ["192.0.2.1/24"]), ("client", "eth0", ["192.0.2.2/24"]))?;
//! let _web = server.spawn(Command::actor("tcp-listen 0.0.0.0:8080")?)?;
//! server.wait_listening(Transport::Tcp, 8080, Duration::from_secs(30))?;
//! let output = client.run(Command::actor("tcp-connect 192.0.2.1:8080 --once")?)?;
//! assert!(output.status.success());
//! # Ok(())
//! # }
//! ```

pub mod actor;
pub mod attempt;
pub mod loopback;
pub mod peers;
pub mod scenario;
pub mod site;

mod actor_path;
mod command;
mod deadline;
mod error;
mod holder;
mod host;
mod lab;
mod link;
mod listening;
mod own_files;
mod place;
mod process;
mod programs;
mod reachable_program;
mod running;
mod session;
mod spawner;
mod stale;
mod tool;

pub use actor_path::actor_path;
pub use command::Command;
pub use error::{Error, Result};
pub use host::{Host, HostBuilder};
pub use lab::Lab;
pub use link::{End, Link, Switch};
pub use listening::Transport;
pub use process::{Output, Process};
