//! What filters or routes packets and cannot be simulated, and what could not be read: each a value that can be told in a
//! sentence.

mod bpf;
mod traffic;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(super) use bpf::{cgroups, netfilter_programs};
pub(super) use traffic::traffic_control;

/// One thing that makes an answer less than certain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Limit {
    /// An XDP program sees the packets of an interface before everything else.
    Xdp {
        /// Name of the interface.
        interface: String,
        /// Number of the program.
        program: Option<u32>,
    },
    /// Filters or programs of traffic control see the packets of an interface.
    TrafficControl {
        /// Name of the interface.
        interface: String,
        /// On the way in, or out.
        direction: Direction,
        /// Kind of the filter: `bpf`, `flower`, `u32`, ..., or `tcx` for a program attached directly.
        filter: String,
    },
    /// A BPF program of a control group sees the packets, or the connections, of its processes.
    CgroupBpf {
        /// Path of the control group.
        cgroup: String,
        /// Where it is attached, as `bpftool` says.
        attached: String,
        /// Number of the program.
        program: u32,
        /// Its name; may be empty.
        name: String,
    },
    /// A BPF program at a hook of netfilter; of some network namespace, which the kernel does not tell.
    NetfilterBpf {
        /// `NFPROTO_*`.
        family: u8,
        /// Number of the hook.
        hook: u32,
        /// Its priority there.
        priority: i32,
        /// Number of the program.
        program: u32,
        /// Its name; may be empty.
        name: String,
    },
    /// Cilium's interfaces are there: its BPF programs route and filter for pods.
    Cilium {
        /// Name of the interface found.
        interface: String,
    },
    /// Multicast routing runs in this namespace.
    MulticastRouting {
        /// Name of an interface it runs on.
        interface: String,
    },
    /// Something could not be read; what depends on it is unknown.
    NotRead {
        /// What.
        what: String,
        /// What the kernel said.
        error: String,
        /// More privilege would help.
        permission: bool,
    },
    /// Something changed all the time while it was read; it may be incomplete.
    Changing {
        /// What.
        what: String,
    },
}

/// The way of a packet through an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// In.
    Ingress,
    /// Out.
    Egress,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ingress => "incoming",
            Self::Egress => "outgoing",
        })
    }
}

/// One sentence, without its full stop.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Xdp { interface, program: Some(id) } => {
                write!(f, "XDP program {id} on {interface} sees packets before every rule")
            }
            Self::Xdp { interface, program: None } => {
                write!(f, "an XDP program on {interface} sees packets before every rule")
            }
            Self::TrafficControl { interface, direction, filter } => {
                write!(f, "traffic control on {interface} has a {filter} filter for {direction} packets")
            }
            Self::CgroupBpf { cgroup, attached, program, name } => {
                write!(
                    f,
                    "BPF program {program} ({name}) is attached to control group {cgroup} as {attached}"
                )
            }
            Self::NetfilterBpf { family, hook, priority, program, name } => write!(
                f,
                "BPF program {program} ({name}) is at netfilter hook {hook} of family {family}, priority {priority}, of some \
                 network namespace"
            ),
            Self::Cilium { interface } => {
                write!(f, "Cilium routes and filters with BPF programs here (interface {interface})")
            }
            Self::MulticastRouting { interface } => write!(f, "multicast routing runs on {interface}"),
            Self::NotRead { what, error, .. } => write!(f, "{what} could not be read: {error}"),
            Self::Changing { what } => write!(f, "{what} kept changing while read"),
        }
    }
}

impl Limit {
    /// Something that an error kept from being read.
    pub(super) fn not_read(what: impl Into<String>, error: &impl fmt::Display, permission: bool) -> Self {
        Self::NotRead { what: what.into(), error: error.to_string(), permission }
    }
}
