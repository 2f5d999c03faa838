//! A socket with a file that no process has open: the kernel's own, hidden, or parked without a descriptor.

use portreeve_model::who::{Reason, ReasonKind};
use portreeve_model::{NoHolder, Socket};

use super::reason;
use crate::who::case::{Case, is_bound_only, shares_ports};
use crate::who::{Disguise, HiddenProcess, KernelUser, Parking};

/// The explanation that the evidence carries best. Where it carries none, that is said, unless some processes could
/// not be looked into: that is [`super::permission`]'s to say.
pub(super) fn explain(case: &Case<'_>) -> Vec<Reason> {
    let (of_kernel, open): (Vec<&Socket>, Vec<&Socket>) =
        case.unheld().partition(|socket| kernel_users(case, socket).next().is_some());
    let mut reasons = kernel_user(case, &of_kernel);
    reasons.extend(unexplained(case, &open));
    reasons
}

fn kernel_users<'a>(case: &'a Case<'_>, socket: &'a Socket) -> impl Iterator<Item = &'a KernelUser> {
    case.views.kernel_users.iter().filter(|user| shares_ports(user.protocol, socket.protocol))
}

fn kernel_user(case: &Case<'_>, sockets: &[&Socket]) -> Vec<Reason> {
    let users: Vec<&KernelUser> = case
        .views
        .kernel_users
        .iter()
        .filter(|user| {
            // A socket that is not listed at all is the kernel's too, if bind(2) says that there is one.
            sockets.iter().any(|socket| shares_ports(user.protocol, socket.protocol))
                || (case.here.is_empty()
                    && case.refusals().any(|probe| shares_ports(user.protocol, probe.protocol)))
        })
        .collect();
    if users.is_empty() {
        return Vec::new();
    }
    let what: Vec<&str> = users.iter().map(|user| user.what.as_str()).collect();
    let mut evidence: Vec<String> = users.iter().map(|user| user.evidence.clone()).collect();
    evidence.extend(sockets.iter().map(|socket| nobody(case, socket)));
    reason(
        ReasonKind::KernelSocket,
        format!("the kernel itself holds the port, for {}; there is no process", what.join(" and ")),
        evidence,
    )
}

fn unexplained(case: &Case<'_>, sockets: &[&Socket]) -> Vec<Reason> {
    let Some(first) = sockets.first() else { return Vec::new() };
    hidden(case, first).or_else(|| parked(case, first)).unwrap_or_else(|| unknown(case, sockets))
}

/// `udp 0.0.0.0:4789 (inode 7) is not open in any of the 40 processes that could be looked into`.
fn nobody(case: &Case<'_>, socket: &Socket) -> String {
    format!(
        "{} {} (inode {}) is not open in any of the {} processes that could be looked into",
        socket.protocol,
        socket.local,
        socket.inode,
        case.views.processes.read()
    )
}

fn hidden(case: &Case<'_>, socket: &Socket) -> Option<Vec<Reason>> {
    let all = &case.views.processes.hidden;
    let certain: Vec<&HiddenProcess> = all.iter().filter(|process| process.holds).collect();
    let is_certain = !certain.is_empty();
    let suspects = if is_certain { certain } else { all.iter().collect() };
    let first = suspects.first()?;
    let name = first.name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
    let statement = if is_certain {
        format!("process {}{name} holds {} and is hidden from /proc", first.pid, case.port(socket.protocol))
    } else {
        format!(
            "no visible process holds {}, and process {}{name} is hidden: it may be the one",
            case.port(socket.protocol),
            first.pid
        )
    };
    let mut evidence: Vec<String> = suspects.iter().map(|process| describe(process)).collect();
    evidence.push(nobody(case, socket));
    Some(reason(ReasonKind::HiddenProcess, statement, evidence))
}

fn describe(process: &HiddenProcess) -> String {
    let pid = process.pid;
    let how = match &process.disguise {
        Disguise::Mount { point, file_system } => format!("a {file_system} is mounted over {point}"),
        Disguise::Unlisted => {
            format!("process {pid} exists (pidfd_open finds it) and /proc does not list it")
        }
        Disguise::Descriptors => {
            format!("/proc/{pid}/fd does not show a descriptor that the kernel's own table has")
        }
    };
    if process.holds {
        format!("{how}; the kernel's own table of descriptors names pid {pid} as a holder")
    } else {
        how
    }
}

fn parked(case: &Case<'_>, socket: &Socket) -> Option<Vec<Reason>> {
    let parked = &case.views.processes.parked;
    let first = parked.first()?;
    let whose = format!("{}({})", first.name, first.pid);
    let statement = match first.parking {
        Parking::IoUring => {
            format!("{whose} keeps the socket registered with an io_uring, without a descriptor")
        }
        Parking::InFlight(_) => format!(
            "the socket is probably in flight: sent over an AF_UNIX socket to {whose} and not received yet"
        ),
    };
    let mut evidence: Vec<String> = parked
        .iter()
        .map(|parked| match parked.parking {
            Parking::IoUring => format!(
                "/proc/{}/fdinfo/{} lists socket:[{}] among the ring's files",
                parked.pid, parked.fd, socket.inode
            ),
            Parking::InFlight(number) => format!(
                "/proc/{}/fdinfo/{} of {} says scm_fds: {number}, descriptors that wait to be received there",
                parked.pid, parked.fd, parked.name
            ),
        })
        .collect();
    evidence.push(nobody(case, socket));
    if matches!(first.parking, Parking::InFlight(_)) {
        evidence
            .push("no kernel service and no hidden process was found that could hold it instead".to_owned());
    }
    Some(reason(ReasonKind::DescriptorInFlight, statement, evidence))
}

/// Nothing more is known. A bound-only socket is explained as that, whoever has it.
fn unknown(case: &Case<'_>, sockets: &[&Socket]) -> Vec<Reason> {
    let open: Vec<&&Socket> = sockets
        .iter()
        .filter(|socket| socket.no_holder != Some(NoHolder::Permission) && !is_bound_only(socket))
        .collect();
    let Some(first) = open.first() else { return Vec::new() };
    let mut evidence: Vec<String> = open.iter().map(|socket| nobody(case, socket)).collect();
    evidence.extend(first.uid.map(|uid| format!("the socket was made by uid {uid}")));
    if case.views.processes.searched {
        evidence.push(
            "no hidden process was found, nor an io_uring or a message in flight that has it".to_owned(),
        );
    }
    reason(
        ReasonKind::KernelSocket,
        format!(
            "no process holds {}: most likely it is the kernel's own (NFS, iSCSI, a tunnel, a cluster service)",
            case.port(first.protocol)
        ),
        evidence,
    )
}
