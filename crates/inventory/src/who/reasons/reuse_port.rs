//! Several sockets on one address and port.

use portreeve_model::who::{Reason, ReasonKind};
use portreeve_model::{Protocol, Socket};

use super::reason;
use crate::who::case::{Case, holders};

/// More members than this are counted, not listed.
const MOST: usize = 8;

pub(super) fn explain(case: &Case<'_>) -> Vec<Reason> {
    let mut groups: Vec<Vec<&Socket>> = Vec::new();
    for socket in case.waiting().filter(|socket| socket.protocol != Protocol::Mptcp) {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| same_place(first, socket))) {
            Some(group) => group.push(socket),
            None => groups.push(vec![socket]),
        }
    }
    groups.iter().filter(|group| group.len() > 1).flat_map(|group| shared(group)).collect()
}

fn same_place(left: &Socket, right: &Socket) -> bool {
    left.protocol == right.protocol && left.local == right.local && left.interface == right.interface
}

fn shared(group: &[&Socket]) -> Vec<Reason> {
    let Some(first) = group.first() else { return Vec::new() };
    // SO_REUSEADDR lets datagram sockets share as well, and only multicast reaches all of them; which of the two
    // options was set, the kernel does not tell.
    let how = if first.protocol.is_connection_oriented() {
        "through SO_REUSEPORT: each connection goes to one of them"
    } else {
        "(SO_REUSEPORT or SO_REUSEADDR): each datagram goes to one of them, a multicast one to all"
    };
    let mut evidence: Vec<String> = group
        .iter()
        .take(MOST)
        .map(|socket| {
            let holders = holders(socket);
            let held = if holders.is_empty() { "a holder that was not seen" } else { &holders };
            format!("socket with inode {}: {held}", socket.inode)
        })
        .collect();
    if let Some(more) = group.len().checked_sub(MOST).filter(|more| *more > 0) {
        evidence.push(format!("and {more} more"));
    }
    reason(
        ReasonKind::ReusePortGroup,
        format!("{} sockets share {} {} {how}", group.len(), first.protocol, first.local),
        evidence,
    )
}
