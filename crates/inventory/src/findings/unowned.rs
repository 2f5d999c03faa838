//! `socket/owner-unknown`: listeners that no process could be named for, and why.

use std::collections::BTreeMap;

use portreeve_model::{Finding, Listener, NamespaceId, NoHolder, Protocol, Severity, UnseenSubject};

use super::{Scene, tool, wording};

/// Ports on which the kernel itself listens, with the subsystem: such a socket belongs to no process.
const KERNEL_PORTS: &[(Transport, u16, &str)] = &[
    (Transport::Any, 2049, "the NFS server"),
    (Transport::Stream, 20049, "the NFS server over RDMA"),
    (Transport::Stream, 3260, "an iSCSI target"),
    (Transport::Stream, 4420, "an NVMe target"),
    (Transport::Stream, 445, "the ksmbd file server"),
    (Transport::Stream, 21064, "the distributed lock manager"),
    (Transport::Datagram, 51820, "WireGuard"),
    (Transport::Datagram, 4789, "a VXLAN interface"),
    (Transport::Datagram, 8472, "a VXLAN interface"),
    (Transport::Datagram, 6081, "a GENEVE interface"),
    (Transport::Datagram, 2152, "a GTP interface"),
    (Transport::Datagram, 6635, "MPLS over UDP"),
    (Transport::Datagram, 5555, "a FOU tunnel"),
    (Transport::Datagram, 1701, "an L2TP tunnel"),
    (Transport::Datagram, 6118, "a TIPC bearer"),
    (Transport::Datagram, 4791, "RDMA over Ethernet (RoCE)"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Stream,
    Datagram,
    Any,
}

impl Transport {
    fn covers(self, protocol: Protocol) -> bool {
        match self {
            Self::Any => true,
            Self::Stream => matches!(protocol, Protocol::Tcp | Protocol::Mptcp),
            Self::Datagram => matches!(protocol, Protocol::Udp | Protocol::Udplite),
        }
    }
}

/// What the lack of an owner most likely means.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Case {
    NoPermission,
    Kernel(&'static str),
    /// A datagram port that the kernel chose: tunnels take one where none is configured.
    EphemeralDatagram,
    NoProcess,
}

/// Listeners without holders, one finding for each namespace and case.
pub(super) fn owner_unknown(scene: &Scene<'_>) -> Vec<Finding> {
    let mut groups: BTreeMap<(NamespaceId, Case), Vec<&Listener>> = BTreeMap::new();
    for listener in scene.listeners {
        if let Some(case) = case(listener) {
            groups.entry((listener.namespace, case)).or_default().push(listener);
        }
    }
    groups.iter().filter_map(|((_, case), listeners)| finding(scene, *case, listeners)).collect()
}

fn case(listener: &Listener) -> Option<Case> {
    if !listener.owner.holders.is_empty() {
        return None;
    }
    let kernel = KERNEL_PORTS
        .iter()
        .find(|(transport, port, _)| *port == listener.port && transport.covers(listener.protocol));
    match listener.owner.no_holder? {
        NoHolder::Permission => Some(Case::NoPermission),
        _ => Some(match kernel {
            Some((_, _, subsystem)) => Case::Kernel(subsystem),
            None if listener.ephemeral => Case::EphemeralDatagram,
            None => Case::NoProcess,
        }),
    }
}

fn finding(scene: &Scene<'_>, case: Case, listeners: &[&Listener]) -> Option<Finding> {
    let first = *listeners.first()?;
    let which = match listeners {
        [_] => wording::addresses(first),
        more => format!("{} and {} more", wording::addresses(first), more.len() - 1),
    };
    let mut evidence: Vec<String> =
        listeners.iter().map(|listener| wording::bind_evidence(scene, listener)).collect();
    let (severity, title, why, fix) = match case {
        Case::NoPermission => (
            Severity::Info,
            format!("The owner of {which} could not be seen: no permission"),
            if scene.snapshot.host.privileged {
                "Not even root may look into some process here: a security module, or the limits of a container, \
                 keep it out."
            } else {
                "The descriptors of processes of other users can be read by root only."
            },
            vec![if scene.snapshot.host.privileged {
                "Look from outside the container or sandbox that this runs in.".to_owned()
            } else {
                "Run again as root (or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH) to see the owner.".to_owned()
            }],
        ),
        Case::Kernel(subsystem) => (
            Severity::Info,
            format!("{which} is held by no process; by its port it is {subsystem} of the kernel"),
            "The kernel opens sockets of its own for tunnels and file servers; no process can be named for them.",
            vec![format!("Nothing, if {subsystem} is meant to be there.")],
        ),
        Case::EphemeralDatagram => (
            Severity::Low,
            format!("{which} is held by no process"),
            "WireGuard and other tunnels of the kernel take a free UDP port where none is configured. If there \
             is no tunnel, a process may be hidden.",
            vec!["Compare with the tunnels of this machine: wg show; ip -d link; ip fou show; ip l2tp show tunnel".to_owned()],
        ),
        Case::NoProcess => (
            Severity::Medium,
            format!("{which} is open and no process holds it"),
            "Every process was read and none has this socket. It belongs to the kernel, or its descriptor is in \
             flight between two processes, or its process is hidden.",
            vec![
                format!("Ask for the reasons one by one: portreeve who {}", first.port),
                "Look for kernel services: lsmod, ip -d link, exportfs -v, targetcli ls".to_owned(),
                "If nothing explains it: compare the process list with one taken from outside (rescue system, \
                 hypervisor)."
                    .to_owned(),
            ],
        ),
    };
    if let Some(reason) = first.owner.no_holder {
        evidence.push(reason.phrase().to_owned());
    }
    if case != Case::NoPermission {
        let unread = scene.snapshot.unseen.iter().filter(|unseen| {
            matches!(unseen.subject, UnseenSubject::ProcessDescriptors | UnseenSubject::Processes)
        });
        evidence.extend(unread.map(|unseen| format!("not everything was seen: {}", unseen.detail)));
    }
    let reproduce = match listeners {
        [_] => tool::ss(scene, first, "e"),
        _ => scene.enter(first.namespace, None).map(|enter| format!("{enter}ss -tulnpe")),
    };
    Some(Finding {
        id: "socket/owner-unknown".to_owned(),
        severity,
        title,
        reason: why.to_owned(),
        evidence,
        fix,
        reproduce,
        subjects: listeners.iter().flat_map(|listener| wording::listener_subjects(listener)).collect(),
    })
}
