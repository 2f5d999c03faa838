//! Sockets of the port, by `sock_diag`.

use std::cmp::Reverse;
use std::net::SocketAddr;
use std::time::Duration;

use portreeve_linux::Errno;
use portreeve_linux::netlink::{Family, NetlinkError, NetlinkSocket, dump};
use portreeve_wire::inet_diag::{ExtensionSet, Extensions, Request, SocketMessage, TcpInfo};
use portreeve_wire::sock_diag::{AddressFamily, Protocol, State, StateSet};

use crate::facts::{DatagramQueue, HalfOpen, ListenQueue, QueueLook, Struggling, Waiting};

/// So many connections with the worst losses are kept.
const WORST: usize = 16;
/// So many peers are kept.
const PEERS: usize = 1_000;
/// A connection struggles when its timer ran out so often in a row: more than a lost packet now and then.
const TIMEOUTS: u8 = 2;

/// A socket that has no connection.
enum Open {
    Listener(ListenQueue),
    HalfOpen(HalfOpen),
}

/// A connection, taken or not.
struct Made {
    peer: SocketAddr,
    /// The kernel finishes it, and nobody counts on it any more.
    ending: bool,
    waiting: Option<Waiting>,
    struggling: Option<Struggling>,
}

/// Listeners, handshakes and connections of a TCP port.
pub(super) fn tcp(port: u16, look: &mut QueueLook) {
    let states = StateSet::of(&[State::Listen, State::SynReceived, State::NewSynReceived]);
    for one in every(port, Protocol::Tcp, states, ExtensionSet::SOCKET_MEMORY, &mut look.unseen, open) {
        match one {
            Open::Listener(listener) => look.listeners.push(listener),
            Open::HalfOpen(half_open) => look.half_open.push(half_open),
        }
    }
    let states = StateSet::of(&[State::Established, State::CloseWait, State::FinWait1]);
    for one in every(port, Protocol::Tcp, states, ExtensionSet::INFO, &mut look.unseen, made) {
        look.struggling.extend(one.struggling);
        look.waiting.extend(one.waiting);
        if !one.ending {
            look.established += 1;
            if look.peers.len() < PEERS {
                look.peers.push(one.peer.ip());
            }
        }
    }
    look.struggling.sort_by_key(|one| Reverse((one.timeouts, one.unacknowledged)));
    look.struggling.truncate(WORST);
    look.peers.sort_unstable();
    look.peers.dedup();
}

/// Sockets of a UDP port that have no peer.
pub(super) fn udp(port: u16, look: &mut QueueLook) {
    let states = StateSet::of(&[State::Close]);
    look.datagrams =
        every(port, Protocol::Udp, states, ExtensionSet::SOCKET_MEMORY, &mut look.unseen, datagrams);
}

/// The sockets of both IP versions.
fn every<T>(
    port: u16,
    protocol: Protocol,
    states: StateSet,
    extensions: ExtensionSet,
    unseen: &mut Vec<String>,
    decode: fn(&SocketMessage<'_>, &Extensions<'_>) -> T,
) -> Vec<T> {
    let mut all = Vec::new();
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let mut request = Request::dump(family, protocol);
        (request.states, request.extensions) = (states, extensions);
        request.id.source_port = port;
        let channel = NetlinkSocket::open(Family::SockDiag).map_err(NetlinkError::Transport);
        let outcome = channel.and_then(|mut channel| {
            dump(
                &mut channel,
                |sequence| request.encode(sequence),
                |message| {
                    let message = SocketMessage::from_message(message)?;
                    let asked = message.id.source_port == port;
                    Ok(asked.then(|| decode(&message, &message.extensions())))
                },
            )
        });
        match outcome {
            Ok(dump) => all.extend(dump.items),
            // A kernel without IPv6, or without sockets of the protocol.
            Err(error) if matches!(error.errno(), Some(Errno::NOENT | Errno::AFNOSUPPORT)) => {}
            Err(error) => unseen.push(format!("sockets of port {port}: {error}")),
        }
    }
    all
}

fn open(message: &SocketMessage<'_>, extensions: &Extensions<'_>) -> Open {
    let (local, peer) = ends(message);
    if message.state != State::Listen {
        return Open::HalfOpen(HalfOpen { local, peer, retransmissions: message.retransmits });
    }
    Open::Listener(ListenQueue {
        bound: SocketAddr::new(message.id.source, message.id.source_port),
        dual_stack: extensions.v6_only == Some(false),
        interface: message.id.interface,
        inode: message.inode,
        cookie: message.id.cookie,
        length: message.receive_queue,
        limit: message.send_queue,
        drops: extensions.socket_memory.as_ref().and_then(|memory| memory.drops),
    })
}

fn datagrams(message: &SocketMessage<'_>, extensions: &Extensions<'_>) -> DatagramQueue {
    let memory = extensions.socket_memory.as_ref();
    DatagramQueue {
        bound: SocketAddr::new(message.id.source, message.id.source_port),
        dual_stack: extensions.v6_only == Some(false),
        inode: message.inode,
        cookie: message.id.cookie,
        length: memory.map_or(message.receive_queue, |memory| memory.receive_allocated),
        limit: memory.map_or(0, |memory| memory.receive_limit),
        drops: memory.and_then(|memory| memory.drops).unwrap_or_default(),
    }
}

fn made(message: &SocketMessage<'_>, extensions: &Extensions<'_>) -> Made {
    let (local, peer) = ends(message);
    let info = extensions.tcp_info().and_then(Result::ok);
    let ending = message.state == State::FinWait1;
    // A connection without a file that is not ending has not been taken by any process.
    let waiting = (!ending && message.inode == 0).then(|| waiting(message, info.as_ref()));
    let struggling =
        info.filter(|info| info.backoff >= TIMEOUTS && info.unacked > 0).map(|info| Struggling {
            local,
            peer,
            timeouts: info.backoff,
            unacknowledged: info.unacked,
            retransmissions: info.total_retrans,
            mss: info.snd_mss,
            pmtu: info.pmtu,
            acknowledged: info.bytes_acked.unwrap_or_default(),
            last_heard: Duration::from_millis(u64::from(info.last_ack_recv)),
        });
    Made { peer, ending, waiting, struggling }
}

fn waiting(message: &SocketMessage<'_>, info: Option<&TcpInfo>) -> Waiting {
    let (local, peer) = ends(message);
    // Both are set when the connection is made.
    let quiet = info.map_or(0, |info| info.last_ack_recv.min(info.last_data_recv));
    Waiting { local, peer, at_least: Duration::from_millis(u64::from(quiet)), unread: message.receive_queue }
}

fn ends(message: &SocketMessage<'_>) -> (SocketAddr, SocketAddr) {
    let id = &message.id;
    (
        SocketAddr::new(id.source.to_canonical(), id.source_port),
        SocketAddr::new(id.destination.to_canonical(), id.destination_port),
    )
}
