//! The same port in other network namespaces, each of which has all ports for itself.

use portreeve_model::who::{Reason, ReasonKind};
use portreeve_model::{NamespaceId, Socket};

use super::reason;
use crate::who::case::{Case, holders, is_bound_only, is_waiting};

/// More sockets than this are counted, not listed.
const MOST: usize = 8;

pub(super) fn explain(case: &Case<'_>) -> Vec<Reason> {
    let there: Vec<&Socket> =
        case.elsewhere.iter().copied().filter(|socket| is_waiting(socket) || is_bound_only(socket)).collect();
    let mut namespaces: Vec<NamespaceId> = there.iter().map(|socket| socket.namespace).collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    let place = match namespaces.as_slice() {
        [] => return Vec::new(),
        [one] => format!("network namespace {}", case.namespace_name(*one)),
        several => format!("{} other network namespaces", several.len()),
    };
    let port = case.query.port;
    let statement = if case.here.is_empty() {
        format!("nothing uses port {port} in this network namespace; it is open in {place}")
    } else {
        format!("port {port} is also open in {place}, which has nothing to do with its use here")
    };
    let mut evidence: Vec<String> = there.iter().take(MOST).map(|socket| describe(case, socket)).collect();
    if let Some(more) = there.len().checked_sub(MOST).filter(|more| *more > 0) {
        evidence.push(format!("and {more} more: --json lists all of them"));
    }
    reason(ReasonKind::OtherNamespace, statement, evidence)
}

fn describe(case: &Case<'_>, socket: &Socket) -> String {
    let holders = holders(socket);
    let held =
        if holders.is_empty() { "its holder was not seen".to_owned() } else { format!("held by {holders}") };
    format!(
        "{} {} in {} ({}), {held}",
        socket.protocol,
        socket.local,
        case.namespace_name(socket.namespace),
        socket.namespace
    )
}
