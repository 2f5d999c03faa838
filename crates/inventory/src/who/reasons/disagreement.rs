//! Views of the kernel that contradict one another. What edits one (a rootkit that filters replies or files, a mount
//! over a file of `/proc/net`) seldom edits all.

use portreeve_model::who::{Reason, ReasonKind};
use portreeve_model::{Endpoint, Family, Protocol, Socket, Source};

use super::bound_only::{leaves_out, refused};
use super::reason;
use crate::who::SecondView;
use crate::who::case::{Case, is_waiting, shares_ports};

pub(super) fn explain(case: &Case<'_>) -> Vec<Reason> {
    let mut evidence = if case.list_has_gaps() { Vec::new() } else { missing_from_sock_diag(case) };
    evidence.extend(missing_from_proc_net(case));
    evidence.extend(refused_without_socket(case));
    if evidence.is_empty() {
        return Vec::new();
    }
    reason(
        ReasonKind::ViewsDisagree,
        format!(
            "the kernel's own views of port {} contradict each other: something hides it",
            case.query.port
        ),
        evidence,
    )
}

/// Rows of `/proc/net` that `sock_diag` has no socket for.
pub(super) fn missing_from_sock_diag(case: &Case<'_>) -> Vec<String> {
    let rows = case.views.proc_net.iter().flat_map(|view| view.sockets.iter().map(move |row| (view, row)));
    rows.filter(|(_, row)| !case.here.iter().any(|socket| shows(socket, row)))
        .map(|(view, row)| {
            format!(
                "/proc/net/{} shows {} {} (inode {}), sock_diag does not",
                view.table, row.local, row.state, row.inode
            )
        })
        .collect()
}

/// Whether `sock_diag` shows what stands in a row. Connections come and go between two looks, so that any with the
/// same local end will do; for a listener it must be a listener.
fn shows(socket: &Socket, row: &Socket) -> bool {
    shares_ports(socket.protocol, row.protocol)
        && canonical(&socket.local) == canonical(&row.local)
        && (!is_waiting(row) || is_waiting(socket))
}

/// IPv6 sockets write IPv4 addresses in IPv6 form.
fn canonical(local: &Endpoint) -> Endpoint {
    match local {
        Endpoint::Inet { address, port } => Endpoint::Inet { address: address.to_canonical(), port: *port },
        other => other.clone(),
    }
}

/// Bound-only sockets and MPTCP have no row; what waits for peers has one.
fn missing_from_proc_net(case: &Case<'_>) -> Vec<String> {
    let listed = case
        .waiting()
        .filter(|socket| socket.source == Source::SockDiag && socket.protocol != Protocol::Mptcp);
    listed
        .filter_map(|socket| {
            let table = case.views.proc_net.iter().find(|view| covers(view, socket))?;
            let has_row = table.sockets.iter().any(|row| canonical(&row.local) == canonical(&socket.local));
            (!has_row).then(|| {
                format!(
                    "sock_diag shows {} {} (inode {}), /proc/net/{} does not",
                    socket.protocol, socket.local, socket.inode, table.table
                )
            })
        })
        .collect()
}

/// Whether this table of `/proc/net` should show the socket.
fn covers(view: &SecondView, socket: &Socket) -> bool {
    let base = socket.protocol.name();
    match socket.family {
        Family::Ipv6 => view.table.strip_suffix('6') == Some(base),
        _ => view.table == base,
    }
}

fn refused_without_socket(case: &Case<'_>) -> Vec<String> {
    if case.list_has_gaps() {
        return Vec::new();
    }
    case.unexplained_refusals()
        .filter(|probe| !leaves_out(case, probe.protocol))
        .map(|probe| format!("{}, and no list shows a socket there", refused(case, probe)))
        .collect()
}
