//! The sockets of one network namespace, read by a thread inside it.

mod inet;
mod packet;
mod proc_net;
mod tcp_info;
mod unix;
mod vsock;

pub(crate) use proc_net::second_view;

use portreeve_linux::Errno;
use portreeve_linux::netlink::{Dump, Family as NetlinkFamily, NetlinkError, NetlinkSocket};
use portreeve_model::{
    Family, NamespaceId, Protocol, Socket, SocketMemory, TimerKind, Unseen, UnseenReason, UnseenSubject,
};
use portreeve_wire::WireError;
use portreeve_wire::inet_diag;
use rustc_hash::FxHashSet;

use super::request::{IpVersions, Request};

/// What one namespace gave.
#[derive(Debug, Default)]
pub(super) struct Harvest {
    /// The sockets.
    pub(super) sockets: Vec<Socket>,
    /// What was not seen.
    pub(super) unseen: Vec<Unseen>,
    /// Namespace and cookie of the sockets that the kernel chose the port of, when asked for.
    pub(super) auto_bound: FxHashSet<(NamespaceId, u64)>,
}

impl Harvest {
    /// Takes in another namespace's.
    pub(super) fn merge(&mut self, other: Self) {
        if self.sockets.is_empty() {
            self.sockets = other.sockets;
        } else {
            self.sockets.extend(other.sockets);
        }
        self.unseen.extend(other.unseen);
        self.auto_bound.extend(other.auto_bound);
    }
}

/// Reads the sockets that `request` asks for. Must run on a thread inside `namespace`.
pub(super) fn harvest(request: &Request, namespace: NamespaceId) -> Harvest {
    let mut reader =
        Reader { request, namespace, netlink: None, protocols: None, harvest: Harvest::default() };
    for protocol in &request.protocols {
        match protocol {
            Protocol::Packet => packet::read(&mut reader),
            Protocol::UnixStream | Protocol::UnixDatagram | Protocol::UnixSeqpacket => {}
            Protocol::Vsock => vsock::read(&mut reader),
            Protocol::Icmp => proc_net::read(&mut reader, Protocol::Icmp, &families(request.ip_versions)),
            inet => inet::read(&mut reader, *inet),
        }
    }
    // The three kinds of AF_UNIX socket come in one dump.
    unix::read(&mut reader);
    reader.harvest
}

fn families(versions: IpVersions) -> Vec<Family> {
    match versions {
        IpVersions::Both => vec![Family::Ipv4, Family::Ipv6],
        IpVersions::Ipv4 => vec![Family::Ipv4],
        IpVersions::Ipv6 => vec![Family::Ipv6],
    }
}

/// State of reading one namespace.
struct Reader<'a> {
    request: &'a Request,
    namespace: NamespaceId,
    netlink: Option<Result<NetlinkSocket, Errno>>,
    /// Text of `/proc/net/protocols`, read when first needed; empty where it cannot be read.
    protocols: Option<String>,
    harvest: Harvest,
}

impl Reader<'_> {
    /// The `sock_diag` channel of this namespace.
    fn netlink(&mut self) -> Result<&mut NetlinkSocket, NetlinkError> {
        let opened = self.netlink.get_or_insert_with(|| NetlinkSocket::open(NetlinkFamily::SockDiag));
        opened.as_mut().map_err(|errno| NetlinkError::Transport(*errno))
    }

    /// Whether the running kernel has the protocol at all, by its name in `/proc/net/protocols`. A protocol whose
    /// module is not loaded has no sockets. `None`: not known.
    fn kernel_has(&mut self, name: &str) -> Option<bool> {
        let text = self.protocols.get_or_insert_with(|| {
            std::fs::read_to_string("/proc/thread-self/net/protocols").unwrap_or_default()
        });
        let listed = text.lines().any(|line| line.split_whitespace().next() == Some(name));
        (!text.is_empty()).then_some(listed)
    }

    /// Takes over a finished dump and reports what was wrong with it.
    fn accept(&mut self, what: &str, dump: Dump<Socket>) {
        if dump.inconsistent {
            self.unseen(
                UnseenReason::Inconsistent,
                &format!("{what}: the kernel's tables changed during each of several dumps; sockets may be missing or shown twice"),
                Some("run it again when fewer sockets come and go".into()),
            );
        }
        if let Some((count, error)) = dump.malformed {
            self.malformed(what, count, error);
        }
        if self.harvest.sockets.is_empty() {
            self.harvest.sockets = dump.items;
        } else {
            self.harvest.sockets.extend(dump.items);
        }
    }

    fn malformed(&mut self, what: &str, count: u32, error: impl std::fmt::Display) {
        let mut unseen = self.unseen_sockets(
            UnseenReason::Malformed,
            &format!("{what}: {count} of the kernel's messages could not be read; the first: {error}"),
            None,
        );
        unseen.count = count;
        self.harvest.unseen.push(unseen);
    }

    fn unseen(&mut self, reason: UnseenReason, detail: &str, remedy: Option<String>) {
        let unseen = self.unseen_sockets(reason, detail, remedy);
        self.harvest.unseen.push(unseen);
    }

    fn unseen_sockets(&self, reason: UnseenReason, detail: &str, remedy: Option<String>) -> Unseen {
        let detail = format!("{detail} ({})", self.namespace);
        Unseen { subject: UnseenSubject::Sockets, reason, count: 1, detail, remedy }
    }

    /// Reports that the sockets of a protocol could not be listed.
    fn refused(&mut self, what: &str, error: NetlinkError) {
        let reason = match error.errno() {
            Some(Errno::PERM | Errno::ACCESS) => UnseenReason::Permission,
            Some(Errno::NOENT | Errno::PROTONOSUPPORT | Errno::OPNOTSUPP | Errno::AFNOSUPPORT) => {
                UnseenReason::Unsupported
            }
            _ => UnseenReason::Failed,
        };
        let remedy = match reason {
            UnseenReason::Permission => Some("run it as root".into()),
            _ => None,
        };
        self.unseen(reason, &format!("{what} sockets: {error}"), remedy);
    }
}

/// Whether an error means that the kernel has no `sock_diag` for this family, so that `/proc/net` is the next best.
fn lacks_diag(error: &NetlinkError) -> bool {
    matches!(
        error.errno(),
        Some(Errno::NOENT | Errno::PROTONOSUPPORT | Errno::OPNOTSUPP | Errno::AFNOSUPPORT | Errno::INVAL)
    )
}

/// Damage within one message that did not cost the socket.
type Damaged = Option<(u16, WireError)>;

fn timer_kind(timer: inet_diag::Timer) -> Option<TimerKind> {
    Some(match timer {
        inet_diag::Timer::Off => return None,
        inet_diag::Timer::Retransmit => TimerKind::On,
        inet_diag::Timer::Keepalive => TimerKind::Keepalive,
        inet_diag::Timer::TimeWait => TimerKind::Timewait,
        inet_diag::Timer::Persist => TimerKind::Persist,
        inet_diag::Timer::Unknown(number) => TimerKind::Other(number),
    })
}

fn memory(memory: &portreeve_wire::sock_diag::SocketMemory) -> SocketMemory {
    SocketMemory {
        receive_allocated: memory.receive_allocated,
        receive_buffer: memory.receive_limit,
        send_allocated: memory.send_allocated,
        send_buffer: memory.send_limit,
        forward_allocated: memory.forward_allocated,
        send_queued: memory.send_queued,
        options: memory.options,
        backlog: memory.backlog.unwrap_or_default(),
        drops: memory.drops.unwrap_or_default(),
    }
}
