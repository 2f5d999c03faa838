//! Sockets that are bound to the port and do nothing with it.

use portreeve_model::who::{Reason, ReasonKind};
use portreeve_model::{Protocol, Socket};

use super::reason;
use crate::who::Probe;
use crate::who::case::{Case, holders, is_bound_only};

pub(super) fn explain(case: &Case<'_>) -> Vec<Reason> {
    let mut bound: Vec<&Socket> = case.here.iter().copied().filter(|socket| is_bound_only(socket)).collect();
    // An MPTCP socket and its first subflow are one socket to the process that holds them, with one inode.
    bound.dedup_by_key(|socket| socket.inode);
    if bound.is_empty() { unlisted(case) } else { seen(case, &bound) }
}

fn seen(case: &Case<'_>, bound: &[&Socket]) -> Vec<Reason> {
    let holder = bound.iter().map(|socket| holders(socket)).find(|holders| !holders.is_empty());
    let who = holder.as_deref().unwrap_or("a process that was not seen");
    let verb = if who.contains(" and ") { "have" } else { "has" };
    let statement = format!(
        "{who} {verb} bound port {} and neither listens nor connects: nothing answers there, and others cannot bind it",
        case.query.port
    );
    let mut evidence: Vec<String> = bound
        .iter()
        .map(|socket| format!("{} socket bound to {}, inode {}", socket.protocol, socket.local, socket.inode))
        .collect();
    evidence.push("neither /proc/net/tcp, netstat nor lsof shows such a socket with its port".to_owned());
    reason(ReasonKind::BoundOnly, statement, evidence)
}

/// What `bind(2)` refuses and no list shows, where the kernel is known to leave such sockets out of its lists.
fn unlisted(case: &Case<'_>) -> Vec<Reason> {
    let refusals: Vec<&Probe> =
        case.unexplained_refusals().filter(|probe| leaves_out(case, probe.protocol)).collect();
    let Some(first) = refusals.first() else { return Vec::new() };
    let mut evidence: Vec<String> = refusals.iter().map(|probe| refused(case, probe)).collect();
    evidence.push(match first.protocol {
        Protocol::Sctp => "the kernel lists SCTP sockets only once they listen or connect".to_owned(),
        _ => format!(
            "this is Linux {}; bound sockets are listed since Linux 6.8",
            case.views.snapshot.host.kernel
        ),
    });
    reason(
        ReasonKind::BoundOnly,
        format!(
            "{} is taken and no list shows by what: most likely a process has bound it and neither listens nor connects",
            case.port(first.protocol)
        ),
        evidence,
    )
}

/// Whether the kernel's lists leave out sockets that are only bound. TCP: shown since Linux 6.8
/// (`net/ipv4/inet_diag.c`, `TCP_BOUND_INACTIVE`). SCTP endpoints enter the hash table that is listed with
/// `listen(2)` (`net/sctp/socket.c`, `sctp_listen_start`).
pub(super) fn leaves_out(case: &Case<'_>, protocol: Protocol) -> bool {
    match protocol {
        Protocol::Sctp => true,
        Protocol::Tcp | Protocol::Mptcp => {
            version(&case.views.snapshot.host.kernel).is_none_or(|version| version < (6, 8))
        }
        _ => false,
    }
}

/// `6.1.0-18-amd64`.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|character: char| !character.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// What a probe saw.
pub(super) fn refused(case: &Case<'_>, probe: &Probe) -> String {
    format!("bind(2) to {}, {} is refused: address already in use", probe.address, case.port(probe.protocol))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn releases_are_read() {
        assert_eq!(version("6.1.0-18-amd64"), Some((6, 1)));
        assert_eq!(version("6.18"), Some((6, 18)));
        assert_eq!(version("5.14.0-427.el9.x86_64"), Some((5, 14)));
        assert_eq!(version("custom"), None);
    }
}
