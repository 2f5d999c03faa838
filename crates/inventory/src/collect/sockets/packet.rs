//! `AF_PACKET` sockets: those that see frames before any firewall does.

use portreeve_linux::netlink::dump;
use portreeve_model::{Endpoint, Family, Interface, Protocol, Socket, Source, State};
use portreeve_wire::packet_diag::{PacketSocket, Show, dump_request};

use super::{Reader, lacks_diag, memory, proc_net};

pub(super) fn read(reader: &mut Reader<'_>) {
    // Packet sockets have no states: `ss` shows them as UNCONN, and so they are asked for.
    if reader.request.states & State::Unconnected.mask() == 0 {
        return;
    }
    let show = Show(Show::INFO.0 | Show::MEMORY.0);
    let (namespace, details) = (reader.namespace, reader.request.details);
    let outcome = reader.netlink().and_then(|channel| {
        dump(
            channel,
            |sequence| Ok(dump_request(show, sequence)),
            |message| {
                let message = PacketSocket::from_message(message)?;
                let interface = message.info.map_or(0, |info| info.interface);
                let counters = message.memory.unwrap_or_default();
                Ok(Some(Socket {
                    interface: (interface != 0).then_some(Interface { index: interface, name: None }),
                    receive_queue: counters.receive_allocated,
                    send_queue: counters.send_allocated,
                    uid: message.uid,
                    inode: u64::from(message.inode),
                    cookie: message.cookie,
                    drops: message.memory.and_then(|memory| memory.drops),
                    shutdown: None,
                    memory: message
                        .memory
                        .filter(|_| details.memory)
                        .map(|counters| Box::new(memory(&counters))),
                    ..Socket::new(
                        Protocol::Packet,
                        Family::Packet,
                        namespace,
                        State::Unconnected,
                        Endpoint::Link { ethertype: message.protocol },
                        Source::SockDiag,
                    )
                }))
            },
        )
    });
    match outcome {
        Ok(dump) => reader.accept("packet", dump),
        Err(error) if lacks_diag(&error) => proc_net::read(reader, Protocol::Packet, &[Family::Packet]),
        Err(error) => reader.refused("packet", error),
    }
}
