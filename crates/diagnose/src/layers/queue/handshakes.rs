//! Handshakes that wait for the client's last packet.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::door::Door;
use super::words::count;
use crate::case::Case;
use crate::facts::{HalfOpen, ListenQueue, QueueLook};
use crate::layers::{FaultDraft, Judgement};

/// So many different clients do not fail at once by chance.
const MANY_PEERS: usize = 4;
/// Nor so many handshakes.
const MANY: usize = 64;

/// Judges the handshakes at one door.
pub(super) fn judge(case: &Case, now: &QueueLook, door: &Door<'_, ListenQueue>, judgement: &mut Judgement) {
    let half_open: Vec<&HalfOpen> = now
        .half_open
        .iter()
        .filter(|one| door.queues.iter().any(|queue| queue.serves(one.local.ip())))
        .collect();
    let peers = by_peer(&half_open);
    let limit = limit(case, door);
    let full = half_open.len() >= limit && !half_open.is_empty();
    let cookies = case.queues.parameters.syncookies.unwrap_or(1);
    let sent = case.queues.moved("TcpExtSyncookiesSent");
    let many = peers.len() >= MANY_PEERS || half_open.len() >= MANY;
    if full && cookies == 0 {
        judgement.add(queue_full(case, door, &half_open, &peers, limit));
    } else if full && cookies == 1 && many {
        judgement.add(flood(case, door, &half_open, &peers, limit));
    } else if let Some((peer, handshakes)) = unreached(case, now, &peers) {
        judgement.add(unanswered(case, door, peer, handshakes, &peers));
    } else if !half_open.is_empty() && peers.values().flatten().any(|one| one.retransmissions > 1) {
        judgement.note(
            "half-open",
            format!(
                "{} from {} half open at {}, as scanners leave them",
                count(half_open.len(), "handshake"),
                count(peers.len(), "address"),
                door.bound
            ),
        );
    }
    if sent > 0 && cookies == 1 && !(full && many) {
        judgement.note(
            "cookies",
            format!(
                "{} sent while it was looked at",
                count(usize::try_from(sent).unwrap_or_default(), "SYN cookie")
            ),
        );
    }
}

type Peers<'a> = BTreeMap<IpAddr, Vec<&'a HalfOpen>>;

fn by_peer<'a>(half_open: &[&'a HalfOpen]) -> Peers<'a> {
    let mut peers = Peers::new();
    for one in half_open {
        peers.entry(one.peer.ip()).or_default().push(*one);
    }
    peers
}

/// The number of half-open handshakes from which on SYNs are dropped, or answered with cookies: the backlogs' sum
/// (`inet_csk_reqsk_queue_is_full`); without cookies also three quarters of `tcp_max_syn_backlog` (`tcp_conn_request`).
fn limit(case: &Case, door: &Door<'_, ListenQueue>) -> usize {
    let backlogs = door.queues.iter().map(|queue| queue.limit.max(1) as usize).sum();
    match (case.queues.parameters.syncookies, case.queues.parameters.max_syn_backlog) {
        (Some(0), Some(most)) => (most as usize - most as usize / 4).clamp(1, backlogs),
        _ => backlogs,
    }
}

fn queue_full(
    case: &Case,
    door: &Door<'_, ListenQueue>,
    half_open: &[&HalfOpen],
    peers: &Peers<'_>,
    limit: usize,
) -> FaultDraft {
    let statement = format!(
        "the SYN queue of {} is full: {} of {} half open, {limit} are held, and SYN cookies are off, so the kernel drops further SYNs",
        door.bound,
        count(half_open.len(), "handshake"),
        count(peers.len(), "client"),
    );
    let fault = if door.is_answered(case) {
        FaultDraft::some("syn-queue-full", statement)
    } else {
        FaultDraft::at("syn-queue-full", statement, door.endpoints.clone(), case.others(&door.endpoints))
    };
    let dropped = case.queues.moved("TcpExtTCPReqQFullDrop");
    with_peers(case, fault, peers)
        .seen("sysctl", "net.ipv4.tcp_syncookies = 0", "sysctl net.ipv4.tcp_syncookies")
        .seen(
            "counter",
            format!("TCPReqQFullDrop moved by {dropped} while it was looked at"),
            "nstat -az TcpExtTCPReqQFullDrop TcpExtListenDrops",
        )
        .fix("sysctl -w net.ipv4.tcp_syncookies=1")
        .fix("sysctl -w net.ipv4.tcp_max_syn_backlog=4096, and a backlog of the service as long")
}

fn flood(
    case: &Case,
    door: &Door<'_, ListenQueue>,
    half_open: &[&HalfOpen],
    peers: &Peers<'_>,
    limit: usize,
) -> FaultDraft {
    let statement = format!(
        "{} is flooded with SYNs: {} of {} half open, {limit} are held, and the kernel answers with SYN cookies",
        door.bound,
        count(half_open.len(), "handshake"),
        count(peers.len(), "client"),
    );
    let sent = case.queues.moved("TcpExtSyncookiesSent");
    with_peers(case, FaultDraft::some("syn-flood", statement), peers)
        .seen(
            "counter",
            format!("SyncookiesSent moved by {sent} while it was looked at"),
            "nstat -az TcpExtSyncookiesSent TcpExtSyncookiesFailed",
        )
        .fix("have the SYNs dropped before they get here, at the provider or with a rate limit for each source")
        .fix("sysctl -w net.ipv4.tcp_max_syn_backlog=16384 and a longer backlog hold more of them")
}

/// The client that surely tries and never gets through, and its handshakes.
///
/// Scanners and forged sources leave handshakes behind at every port of the internet. A client is one that was asked about, one that
/// tried more than once, or one of a network that nobody on the internet can have an address of.
fn unreached<'p, 'a>(
    case: &Case,
    now: &QueueLook,
    peers: &'p Peers<'a>,
) -> Option<(IpAddr, &'p [&'a HalfOpen])> {
    let again = |handshakes: &[&HalfOpen], least| {
        handshakes.iter().filter(|one| one.retransmissions >= least).count()
    };
    let is_client = |peer: IpAddr, handshakes: &[&HalfOpen]| {
        (case.question.from == Some(peer) && again(handshakes, 1) > 0)
            || again(handshakes, 1) > 1
            || (is_of_no_internet(peer) && again(handshakes, 2) > 0)
    };
    let mut clients = peers.iter().filter(|(peer, handshakes)| {
        // Who has a connection gets through.
        is_client(**peer, handshakes) && now.peers.binary_search(peer).is_err()
    });
    let asked = clients.clone().find(|(peer, _)| case.question.from == Some(**peer));
    let (peer, handshakes) = asked.or_else(|| clients.next())?;
    Some((*peer, handshakes.as_slice()))
}

fn unanswered(
    case: &Case,
    door: &Door<'_, ListenQueue>,
    peer: IpAddr,
    handshakes: &[&HalfOpen],
    peers: &Peers<'_>,
) -> FaultDraft {
    let most = handshakes.iter().map(|one| one.retransmissions).max().unwrap_or_default();
    let others = match peers.len() - 1 {
        0 => String::new(),
        others => format!(" (and those of {})", count(others, "other client")),
    };
    let statement = format!(
        "{} of {peer}{others} stay half open at {}: the answer was sent {} times, so either it does not reach the client or the client's next packet does not reach this host",
        count(handshakes.len(), "handshake"),
        door.bound,
        u32::from(most) + 1,
    );
    let asked = case.question.from == Some(peer);
    let fault = if asked {
        FaultDraft::all("half-open", statement)
    } else {
        FaultDraft::some("half-open", statement)
    };
    let local = handshakes.first().map_or(door.bound, |one| one.local);
    with_peers(case, fault.symptom(), peers)
        .fix(format!(
            "see which packets come and go: tcpdump -ni any 'tcp port {} and host {peer}'",
            local.port()
        ))
        .fix(format!(
            "see the way back: ip route get {peer} from {}, and traceroute -T -p {} {} from the client",
            local.ip(),
            local.port(),
            local.ip()
        ))
}

fn with_peers(case: &Case, mut fault: FaultDraft, peers: &Peers<'_>) -> FaultDraft {
    let mut most: Vec<(&IpAddr, &Vec<&HalfOpen>)> = peers.iter().collect();
    most.sort_by_key(|(_, handshakes)| std::cmp::Reverse(handshakes.len()));
    let port = case.question.target.port;
    for (peer, handshakes) in most.into_iter().take(4) {
        let again = handshakes.iter().map(|one| one.retransmissions).max().unwrap_or_default();
        fault = fault.seen(
            "handshake",
            format!("SYN-RECV from {peer}: {}, SYN-ACK sent again up to {again} times", handshakes.len()),
            format!("ss -tno state syn-recv 'sport = :{port}'"),
        );
    }
    fault
}

/// Private, link-local, documentation and the like: no scanner of the internet has such an address.
fn is_of_no_internet(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            address.is_private()
                || address.is_link_local()
                || address.is_loopback()
                || address.is_documentation()
                || (a == 100 && b & 0xc0 == 64)
                || (a == 198 && b & 0xfe == 18)
        }
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            address.is_loopback()
                || first & 0xfe00 == 0xfc00
                || first & 0xffc0 == 0xfe80
                || (first == 0x2001 && second == 0x0db8)
        }
    }
}
