//! What a look shall see.

use portreeve_model::{NamespaceId, Protocol};

use crate::filter::Filter;

/// What to collect.
#[derive(Clone, Debug)]
pub struct Request {
    /// Kinds of socket.
    pub protocols: Vec<Protocol>,
    /// IP versions.
    pub ip_versions: IpVersions,
    /// Mask of states, as `portreeve_model::State::mask` gives them.
    pub states: u32,
    /// Further conditions; what the kernel can judge of them, the kernel judges.
    pub filter: Option<Filter>,
    /// Network namespaces.
    pub namespaces: NamespaceScope,
    /// How much to find out about holders.
    pub owners: Owners,
    /// Optional parts of each socket.
    pub details: Details,
    /// Whether the kernel's BPF iterator may be used to list descriptors.
    pub bpf: BpfUse,
}

/// IP versions wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpVersions {
    /// IPv4 and IPv6.
    Both,
    /// IPv4 only.
    Ipv4,
    /// IPv6 only.
    Ipv6,
}

/// Which network namespaces to look into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceScope {
    /// The observer's own.
    Own,
    /// Every one on the host.
    All,
    /// This one.
    One(NamespaceId),
}

/// How much to find out about holders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owners {
    /// Nothing: no walk over processes beyond finding the namespaces.
    None,
    /// Holders with pid, name and descriptor.
    Names,
    /// Also user, executable, command line, ancestors, cgroup, unit, container.
    Full,
}

/// Optional parts of a socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, one for each flag of `sockets`")]
pub struct Details {
    /// `tcp_info`.
    pub tcp_info: bool,
    /// Full buffer accounting.
    pub memory: bool,
    /// Drop counters (listeners carry them always).
    pub drops: bool,
    /// Paths of cgroups.
    pub cgroups: bool,
    /// Which sockets the kernel chose the port of.
    pub auto_bound: bool,
}

/// Whether descriptors may be listed through the kernel's BPF task-file iterator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BpfUse {
    /// Never.
    Never,
    /// Where it pays: many descriptors.
    Allowed,
}

impl Request {
    /// Every protocol of IP, and packet sockets.
    pub const INET_AND_PACKET: [Protocol; 8] = [
        Protocol::Tcp,
        Protocol::Mptcp,
        Protocol::Udp,
        Protocol::Udplite,
        Protocol::Sctp,
        Protocol::Raw,
        Protocol::Icmp,
        Protocol::Packet,
    ];

    /// The same request with everything looked up that its filter tests, and no state asked for that its filter
    /// excludes.
    pub(super) fn completed(&self) -> Self {
        let mut request = self.clone();
        if let Some(filter) = &self.filter {
            let needs = filter.needs();
            request.states &= filter.state_mask().mask();
            request.details.cgroups |= needs.cgroups;
            request.details.auto_bound |= needs.auto_bound;
            if needs.process_details || needs.containers || needs.users {
                request.owners = Owners::Full;
            } else if needs.owners {
                request.owners = request.owners.max(Owners::Names);
            }
        }
        request
    }

    /// Everything that waits for peers, everywhere, with all that is known of the owners: what the overview shows.
    pub fn listeners() -> Self {
        use portreeve_model::State;
        Self {
            protocols: Self::INET_AND_PACKET.to_vec(),
            ip_versions: IpVersions::Both,
            states: State::Listen.mask() | State::Unconnected.mask(),
            filter: None,
            namespaces: NamespaceScope::All,
            owners: Owners::Full,
            details: Details { drops: true, ..Details::default() },
            bpf: BpfUse::Allowed,
        }
    }
}
