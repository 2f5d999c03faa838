//! Gathering: one file a subject, each a function from a question (and what was gathered before) to its facts.
//!
//! Every look is bounded by the [`Budget`]'s deadline, runs beside the others, and tells what it could not see. Nothing is sent where
//! [`Probe::Forbidden`](crate::target::Probe::Forbidden).

mod cgroup;
mod configuration;
mod conntrack;
mod http;
mod kernel_log;
mod limits;
mod mac;
mod names;
mod path;
mod ports;
mod queues;
mod service;
mod tls;
mod tree;
mod trials;

use std::time::{Duration, Instant};

pub use portreeve_inventory::collect::BpfUse;

pub(crate) use conntrack::{look as conntrack, look_again as conntrack_again};
pub(crate) use http::look as http;
pub(crate) use kernel_log::{KernelLog, look as kernel_log};
pub(crate) use limits::{look as limits, look_again as limits_again};
pub(crate) use mac::look as mac;
pub(crate) use names::{look as names, serving as names_served_here};
pub(crate) use path::{look as host_path, look_again as path_again, onward, simulate};
pub(crate) use ports::look as ports;
pub(crate) use queues::{look as queues, look_again as queues_again};
pub(crate) use service::{look as service, new_log_lines, watch as service_watch};
pub(crate) use tls::look as tls;
pub(crate) use trials::{Segments, connect, look as trials, standing};

/// How long the whole may take, and how long one thing may be waited for.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// When all must be told.
    pub deadline: Instant,
    /// The most that one answer (of a name server, of a peer) is waited for.
    pub patience: Duration,
}

impl Budget {
    /// What is left for one wait.
    pub fn wait(&self) -> Duration {
        self.patience.min(self.deadline.saturating_duration_since(Instant::now()))
    }
}
