//! Sockets from the text of `/proc/net`: the fallback where the kernel has no `sock_diag` for a protocol (raw
//! sockets on many kernels), and a second view to compare with.

use std::io;

use portreeve_linux::Errno;
use portreeve_model::{
    Endpoint, Family, Interface, NamespaceId, Protocol, Socket, Source, State, Timer, UnseenReason,
};
use portreeve_wire::proc::{self, InetFamily, InetRow, LineError};
use portreeve_wire::sock_diag::SocketType;

use super::Reader;

/// Reads the tables of `protocol` for `families`, in the calling thread's namespace.
pub(super) fn read(reader: &mut Reader<'_>, protocol: Protocol, families: &[Family]) {
    for family in families {
        let Some(table) = Table::of(protocol, *family) else { continue };
        let path = format!("/proc/thread-self/net/{}", table.file);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) => {
                absent(reader, &table, &path, &error);
                continue;
            }
        };
        let mut malformed: Option<(u32, LineError)> = None;
        let states = reader.request.states;
        let rows = Table::sockets(&text, protocol, *family, reader.namespace);
        let mut sockets = Vec::new();
        for row in rows {
            match row {
                Ok(socket) if socket.state.mask() & states != 0 => sockets.push(socket),
                Ok(_) => {}
                Err(error) => {
                    let (count, first) = malformed.unwrap_or((0, error));
                    malformed = Some((count + 1, first));
                }
            }
        }
        reader.harvest.sockets.append(&mut sockets);
        if let Some((count, error)) = malformed {
            reader.malformed(&path, count, error);
        }
    }
}

/// A table that is not there: nothing is missing where the kernel lacks the protocol or the address family.
fn absent(reader: &mut Reader<'_>, table: &Table, path: &str, error: &io::Error) {
    if error.kind() == io::ErrorKind::NotFound && reader.kernel_has(table.kernel_name) != Some(true) {
        return;
    }
    let reason = match error.kind() {
        io::ErrorKind::PermissionDenied => UnseenReason::Permission,
        io::ErrorKind::NotFound => UnseenReason::Unsupported,
        _ => UnseenReason::Failed,
    };
    reader.unseen(
        reason,
        &format!("the kernel has no sock_diag for these sockets, and {path}: {error}"),
        None,
    );
}

/// A file below `/proc/net`, and the protocol's name in `/proc/net/protocols`.
struct Table {
    file: &'static str,
    kernel_name: &'static str,
}

impl Table {
    fn of(protocol: Protocol, family: Family) -> Option<Self> {
        let (file, kernel_name) = match (protocol, family) {
            (Protocol::Tcp, Family::Ipv4) => ("tcp", "TCP"),
            (Protocol::Tcp, Family::Ipv6) => ("tcp6", "TCPv6"),
            (Protocol::Udp, Family::Ipv4) => ("udp", "UDP"),
            (Protocol::Udp, Family::Ipv6) => ("udp6", "UDPv6"),
            (Protocol::Udplite, Family::Ipv4) => ("udplite", "UDP-Lite"),
            (Protocol::Udplite, Family::Ipv6) => ("udplite6", "UDPLITEv6"),
            (Protocol::Raw, Family::Ipv4) => ("raw", "RAW"),
            (Protocol::Raw, Family::Ipv6) => ("raw6", "RAWv6"),
            (Protocol::Icmp, Family::Ipv4) => ("icmp", "PING"),
            (Protocol::Icmp, Family::Ipv6) => ("icmp6", "PINGv6"),
            (Protocol::Sctp, Family::Ipv4) => ("sctp/eps", "SCTP"),
            // One table holds the endpoints of both families.
            (Protocol::Sctp, _) => return None,
            // MPTCP has no table of its own; without mptcp_diag it cannot be listed.
            (Protocol::Mptcp, _) => ("mptcp", "MPTCP"),
            (Protocol::Packet, _) => ("packet", "PACKET"),
            (_, Family::Unix) => ("unix", "UNIX"),
            _ => return None,
        };
        Some(Self { file, kernel_name })
    }

    fn sockets(
        text: &[u8],
        protocol: Protocol,
        family: Family,
        namespace: NamespaceId,
    ) -> Vec<Result<Socket, LineError>> {
        match protocol {
            Protocol::Packet => {
                proc::packet_rows(text).map(|row| row.map(|row| packet(&row, namespace))).collect()
            }
            Protocol::UnixStream | Protocol::UnixDatagram | Protocol::UnixSeqpacket => {
                proc::unix_rows(text).map(|row| row.map(|row| unix(&row, namespace))).collect()
            }
            Protocol::Sctp => {
                let mut sockets = Vec::new();
                for row in proc::sctp_endpoints(text) {
                    match row {
                        Ok(row) => sockets.extend(sctp(&row, namespace).into_iter().map(Ok)),
                        Err(error) => sockets.push(Err(error)),
                    }
                }
                sockets
            }
            inet_protocol => {
                let wire = if family == Family::Ipv4 { InetFamily::V4 } else { InetFamily::V6 };
                proc::inet_rows(text, wire)
                    .map(|row| row.map(|row| inet(&row, inet_protocol, family, namespace)))
                    .collect()
            }
        }
    }
}

fn inet(row: &InetRow, protocol: Protocol, family: Family, namespace: NamespaceId) -> Socket {
    let has_peer = row.destination_port != 0 || !row.destination.is_unspecified();
    let kind = super::timer_kind(row.timer);
    // Ticks of USER_HZ, which is 100 on every architecture but alpha and ia64 (include/asm-generic/param.h).
    let expires_ms = u32::try_from(row.timer_expires.saturating_mul(10)).unwrap_or(u32::MAX);
    Socket {
        peer: has_peer.then_some(Endpoint::Inet { address: row.destination, port: row.destination_port }),
        receive_queue: row.receive_queue,
        send_queue: row.send_queue,
        uid: (row.inode != 0 || row.uid != 0).then_some(row.uid),
        inode: row.inode,
        timer: kind.map(|kind| Timer {
            kind,
            expires_ms,
            retransmits: u8::try_from(row.retransmits).unwrap_or(u8::MAX),
        }),
        drops: row.drops.map(|drops| u32::try_from(drops).unwrap_or(u32::MAX)),
        ..Socket::new(
            protocol,
            family,
            namespace,
            State::from_kernel(row.state.value()),
            Endpoint::Inet { address: row.source, port: row.source_port },
            Source::ProcNet,
        )
    }
}

fn packet(row: &proc::PacketRow, namespace: NamespaceId) -> Socket {
    Socket {
        interface: (row.interface != 0).then_some(Interface { index: row.interface, name: None }),
        receive_queue: row.receive_memory,
        uid: Some(row.uid),
        inode: row.inode,
        ..Socket::new(
            Protocol::Packet,
            Family::Packet,
            namespace,
            State::Unconnected,
            Endpoint::Link { ethertype: row.protocol },
            Source::ProcNet,
        )
    }
}

fn unix(row: &proc::UnixRow<'_>, namespace: NamespaceId) -> Socket {
    let protocol = match row.socket_type {
        SocketType::Datagram => Protocol::UnixDatagram,
        SocketType::SequencedPacket => Protocol::UnixSeqpacket,
        _ => Protocol::UnixStream,
    };
    // SS_CONNECTED of include/uapi/linux/net.h.
    let state = match (row.listening, row.state) {
        (true, _) => State::Listen,
        (false, 3) => State::Established,
        (false, _) => State::Unconnected,
    };
    let path = row.path.map(|path| String::from_utf8_lossy(path).into());
    Socket {
        inode: row.inode,
        ..Socket::new(protocol, Family::Unix, namespace, state, Endpoint::Unix { path }, Source::ProcNet)
    }
}

fn sctp(row: &proc::SctpEndpoint<'_>, namespace: NamespaceId) -> Vec<Socket> {
    let of = |address: std::net::IpAddr| Socket {
        uid: Some(row.uid),
        inode: row.inode,
        ..Socket::new(
            Protocol::Sctp,
            if address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 },
            namespace,
            State::from_kernel(row.socket_state),
            Endpoint::Inet { address, port: row.port },
            Source::ProcNet,
        )
    };
    row.addresses.clone().map(of).collect()
}

/// The sockets that one table of `/proc/net` shows, for comparing it with `sock_diag`; in the calling thread's
/// namespace.
///
/// # Errors
/// What reading the file says; `None` where the protocol has no table.
pub(crate) fn second_view(
    protocol: Protocol,
    family: Family,
    namespace: NamespaceId,
) -> Option<Result<Vec<Socket>, Errno>> {
    let table = Table::of(protocol, family)?;
    let text = match std::fs::read(format!("/proc/thread-self/net/{}", table.file)) {
        Ok(text) => text,
        Err(error) => return Some(Err(Errno::from_io_error(&error).unwrap_or(Errno::IO))),
    };
    Some(Ok(Table::sockets(&text, protocol, family, namespace).into_iter().flatten().collect()))
}
