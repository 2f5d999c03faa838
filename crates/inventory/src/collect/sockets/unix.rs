//! `AF_UNIX` sockets through `unix_diag`.

use portreeve_linux::netlink::dump;
use portreeve_model::{Endpoint, Family, Protocol, Socket, Source, State};
use portreeve_wire::sock_diag::{SocketType, StateSet};
use portreeve_wire::unix_diag::{Show, UnixName, UnixSocket, dump_request};

use super::{Reader, lacks_diag, memory, proc_net};

pub(super) fn read(reader: &mut Reader<'_>) {
    let wanted: Vec<Protocol> = reader
        .request
        .protocols
        .iter()
        .copied()
        .filter(|protocol| {
            matches!(protocol, Protocol::UnixStream | Protocol::UnixDatagram | Protocol::UnixSeqpacket)
        })
        .collect();
    if wanted.is_empty() {
        return;
    }
    let show = Show(Show::ALL.0 & !Show::PENDING.0 & !Show::VFS.0);
    let (namespace, details, states) =
        (reader.namespace, reader.request.details, StateSet(reader.request.states));
    let outcome = reader.netlink().and_then(|channel| {
        dump(
            channel,
            |sequence| Ok(dump_request(states, show, sequence)),
            |message| {
                let message = UnixSocket::from_message(message)?;
                let protocol = match message.socket_type {
                    SocketType::Datagram => Protocol::UnixDatagram,
                    SocketType::SequencedPacket => Protocol::UnixSeqpacket,
                    _ => Protocol::UnixStream,
                };
                if !wanted.contains(&protocol) {
                    return Ok(None);
                }
                Ok(Some(Socket {
                    receive_queue: message.receive_queue.unwrap_or_default(),
                    send_queue: message.send_queue.unwrap_or_default(),
                    uid: message.uid,
                    inode: u64::from(message.inode),
                    peer_inode: message.peer.filter(|inode| *inode != 0).map(u64::from),
                    cookie: message.cookie,
                    drops: message.memory.and_then(|memory| memory.drops),
                    shutdown: message.shutdown.map(|shutdown| shutdown.0).filter(|bits| *bits != 0),
                    memory: message
                        .memory
                        .filter(|_| details.memory)
                        .map(|counters| Box::new(memory(&counters))),
                    ..Socket::new(
                        protocol,
                        Family::Unix,
                        namespace,
                        State::from_kernel(message.state.value()),
                        Endpoint::Unix { path: message.name.as_ref().map(name) },
                        Source::SockDiag,
                    )
                }))
            },
        )
    });
    match outcome {
        Ok(dump) => reader.accept("unix", dump),
        Err(error) if lacks_diag(&error) => proc_net::read(reader, Protocol::UnixStream, &[Family::Unix]),
        Err(error) => reader.refused("unix", error),
    }
}

/// A path as text; an abstract name starts with `@`, and NUL bytes within it show as `@` too, as `ss` writes them.
fn name(name: &UnixName<'_>) -> Box<str> {
    match name {
        UnixName::Path(path) => String::from_utf8_lossy(path).into(),
        UnixName::Abstract(name) => {
            let text = String::from_utf8_lossy(name).replace('\0', "@");
            format!("@{text}").into()
        }
    }
}
