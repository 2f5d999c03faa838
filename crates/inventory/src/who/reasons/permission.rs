//! A holder that must be among the processes that may not be looked into.

use portreeve_model::who::{Reason, ReasonKind};
use portreeve_model::{NoHolder, Socket, UnseenSubject};

use super::bound_only::{leaves_out, refused};
use super::disagreement::missing_from_sock_diag;
use super::reason;
use crate::who::case::{Case, shares_ports};

pub(super) fn explain(case: &Case<'_>) -> Vec<Reason> {
    let unseen: Vec<&Socket> = case.unheld().filter(|socket| is_open_question(case, socket)).collect();
    if unseen.is_empty() { unlisted(case) } else { unreadable(case, &unseen) }
}

/// Not where the kernel is known to be the holder, or a process was found in another way.
fn is_open_question(case: &Case<'_>, socket: &Socket) -> bool {
    let views = case.views;
    socket.no_holder == Some(NoHolder::Permission)
        && !views.kernel_users.iter().any(|user| shares_ports(user.protocol, socket.protocol))
        && !views.processes.hidden.iter().any(|process| process.holds)
}

fn unreadable(case: &Case<'_>, unseen: &[&Socket]) -> Vec<Reason> {
    let places: Vec<String> =
        unseen.iter().map(|socket| format!("{} {}", socket.protocol, socket.local)).collect();
    let processes = &case.views.processes;
    let mut evidence: Vec<String> = unseen
        .iter()
        .map(|socket| {
            let user = socket.uid.map_or_else(|| "an unknown user".to_owned(), |uid| format!("uid {uid}"));
            format!("{} {} was made by {user}, inode {}", socket.protocol, socket.local, socket.inode)
        })
        .collect();
    if processes.closed > 0 {
        evidence.push(format!(
            "the descriptors of {} of {} processes may not be read",
            processes.closed, processes.listed
        ));
    }
    evidence.extend(
        case.views
            .snapshot
            .unseen
            .iter()
            .filter(|unseen| unseen.subject == UnseenSubject::Processes)
            .map(|unseen| unseen.detail.clone()),
    );
    reason(
        ReasonKind::NoPermission,
        format!(
            "a process that this user may not look into holds {}, or the kernel does",
            places.join(" and ")
        ),
        evidence,
    )
}

/// What `bind(2)` refuses, or only the text of `/proc/net` shows, while the list of sockets has gaps.
fn unlisted(case: &Case<'_>) -> Vec<Reason> {
    if !case.list_has_gaps() {
        return Vec::new();
    }
    let refusals = case.unexplained_refusals().filter(|probe| !leaves_out(case, probe.protocol));
    let mut evidence: Vec<String> = refusals.map(|probe| refused(case, probe)).collect();
    evidence.extend(missing_from_sock_diag(case));
    if evidence.is_empty() {
        return Vec::new();
    }
    reason(
        ReasonKind::NoPermission,
        format!("port {} is taken, by a socket that could not be listed", case.query.port),
        evidence,
    )
}
