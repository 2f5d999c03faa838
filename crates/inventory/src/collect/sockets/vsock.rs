//! `AF_VSOCK` sockets through `vsock_diag`. There is no `/proc/net` text to fall back on.

use portreeve_linux::netlink::dump;
use portreeve_model::{Endpoint, Family, Protocol, Socket, Source, State};
use portreeve_wire::sock_diag::StateSet;
use portreeve_wire::vsock_diag::{VsockSocket, dump_request};

use super::{Reader, lacks_diag};

pub(super) fn read(reader: &mut Reader<'_>) {
    let (namespace, states) = (reader.namespace, StateSet(reader.request.states));
    let outcome = reader.netlink().and_then(|channel| {
        dump(
            channel,
            |sequence| Ok(dump_request(states, sequence)),
            |message| {
                let message = VsockSocket::from_message(message)?;
                let end = |cid, vsock_port| Endpoint::Vsock { cid, vsock_port };
                let peer = end(message.destination_cid, message.destination_port);
                let has_peer = message.destination_cid != u32::MAX || message.destination_port != u32::MAX;
                Ok(Some(Socket {
                    peer: has_peer.then_some(peer),
                    inode: u64::from(message.inode),
                    cookie: message.cookie,
                    shutdown: Some(message.shutdown.0).filter(|bits| *bits != 0),
                    ..Socket::new(
                        Protocol::Vsock,
                        Family::Vsock,
                        namespace,
                        State::from_kernel(message.state.value()),
                        end(message.source_cid, message.source_port),
                        Source::SockDiag,
                    )
                }))
            },
        )
    });
    match outcome {
        Ok(dump) => reader.accept("vsock", dump),
        Err(error) if lacks_diag(&error) && reader.kernel_has("AF_VSOCK") == Some(false) => {}
        Err(error) => reader.refused("vsock", error),
    }
}
