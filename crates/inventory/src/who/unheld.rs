//! A socket with a file that no process has open: the kernel's own, hidden, or parked without a descriptor.

use portreeve_model::who::{Reason, ReasonKind};
use portreeve_model::{NoHolder, Socket};

use super::reasons::reason;
use super::{Disguise, HiddenProcess, Parking, Query, Views};

/// The explanation that the evidence carries best. Where it carries none, that is said, unless some processes could not
/// be looked into: then [`super::reasons`] says so.
pub(super) fn explain(_: &Query, views: &Views) -> Option<Reason> {
    let unheld: Vec<&Socket> = views
        .snapshot
        .sockets
        .iter()
        .filter(|socket| matches!(socket.no_holder, Some(NoHolder::NoProcess | NoHolder::Permission)))
        .collect();
    if !views.kernel_users.is_empty() {
        return Some(kernel_user(views, &unheld));
    }
    let first = unheld.first()?;
    hidden(views, first)
        .or_else(|| parked(views, first))
        .or_else(|| (first.no_holder == Some(NoHolder::NoProcess)).then(|| unknown(views, first)))
}

fn kernel_user(views: &Views, unheld: &[&Socket]) -> Reason {
    let what: Vec<&str> = views.kernel_users.iter().map(|user| user.what.as_str()).collect();
    let mut evidence: Vec<String> = views.kernel_users.iter().map(|user| user.evidence.clone()).collect();
    evidence.extend(unheld.iter().map(|socket| {
        format!(
            "{} {} exists (inode {}) and none of the {} processes that could be read has it open",
            socket.protocol,
            socket.local,
            socket.inode,
            views.processes.read()
        )
    }));
    reason(
        ReasonKind::KernelSocket,
        format!("the kernel itself holds the port, for {}; there is no process", what.join(" and ")),
        evidence,
    )
}

fn hidden(views: &Views, socket: &Socket) -> Option<Reason> {
    let certain: Vec<&HiddenProcess> =
        views.processes.hidden.iter().filter(|process| process.holds).collect();
    let suspects = if certain.is_empty() { views.processes.hidden.iter().collect() } else { certain.clone() };
    let first = suspects.first()?;
    let name = first.name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
    let statement = if certain.is_empty() {
        format!(
            "no visible process holds the socket, and process {}{name} is hidden: it may be the one",
            first.pid
        )
    } else {
        format!("process {}{name} holds the socket and is hidden from /proc", first.pid)
    };
    let mut evidence: Vec<String> = suspects.iter().map(|process| describe(process)).collect();
    evidence.push(format!(
        "{} {} has inode {}, which no listed process has open",
        socket.protocol, socket.local, socket.inode
    ));
    Some(reason(ReasonKind::HiddenProcess, statement, evidence))
}

fn describe(process: &HiddenProcess) -> String {
    let pid = process.pid;
    let how = match &process.disguise {
        Disguise::Mount { point, file_system } => format!("a {file_system} is mounted over {point}"),
        Disguise::Unlisted => format!("pidfd_open({pid}) finds a process that /proc does not list"),
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

fn parked(views: &Views, socket: &Socket) -> Option<Reason> {
    let first = views.processes.parked.first()?;
    let (statement, certain) = match first.parking {
        Parking::IoUring => (
            format!(
                "{}({}) keeps the socket registered with an io_uring, without a descriptor",
                first.name, first.pid
            ),
            true,
        ),
        Parking::InFlight(_) => (
            format!(
                "the socket is probably in flight: sent over an AF_UNIX socket to {}({}) and not received yet",
                first.name, first.pid
            ),
            false,
        ),
    };
    let mut evidence: Vec<String> = views
        .processes
        .parked
        .iter()
        .map(|parked| match parked.parking {
            Parking::IoUring => format!(
                "/proc/{}/fdinfo/{} lists socket:[{}] among the ring's files",
                parked.pid, parked.fd, socket.inode
            ),
            Parking::InFlight(number) => format!(
                "/proc/{}/fdinfo/{} says that {number} descriptors wait to be received there",
                parked.pid, parked.fd
            ),
        })
        .collect();
    if !certain {
        evidence
            .push("no kernel service and no hidden process was found that could hold it instead".to_owned());
    }
    Some(reason(ReasonKind::DescriptorInFlight, statement, evidence))
}

fn unknown(views: &Views, socket: &Socket) -> Reason {
    let mut evidence = vec![format!(
        "{} {} exists (inode {}, uid {}) and none of the {} processes that could be read has it open",
        socket.protocol,
        socket.local,
        socket.inode,
        socket.uid.map_or_else(|| "unknown".to_owned(), |uid| uid.to_string()),
        views.processes.read()
    )];
    if views.processes.searched {
        evidence.push(
            "no hidden process was found, nor an io_uring or a message in flight that has it".to_owned(),
        );
    }
    reason(
        ReasonKind::KernelSocket,
        "no process holds the socket: most likely it is the kernel's own (NFS, iSCSI, a tunnel, a cluster service)".to_owned(),
        evidence,
    )
}
