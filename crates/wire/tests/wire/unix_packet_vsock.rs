use portreeve_wire::netlink::{NLM_F_DUMP, NLM_F_REQUEST, RequestBuilder};
use portreeve_wire::packet_diag::{self, MembershipKind, PacketSocket};
use portreeve_wire::sock_diag::{Shutdown, SocketType, State, StateSet};
use portreeve_wire::unix_diag::{self, UnixName, UnixSocket};
use portreeve_wire::vsock_diag::{self, VSOCK_ANY, VsockSocket};

use crate::fixtures::{self, bytes, only};

#[test]
fn an_abstract_listener_is_read() {
    let buffer = bytes(fixtures::UNIX_LISTEN);
    let socket = UnixSocket::from_message(&only(&buffer)).unwrap();
    assert_eq!((socket.socket_type, socket.state), (SocketType::Stream, State::Listen));
    assert_eq!(socket.name, Some(UnixName::Abstract(b"cap-fixture")));
    assert_eq!((socket.receive_queue, socket.send_queue), (Some(1), Some(4)));
    assert_eq!(socket.pending.clone().count(), 1);
    assert_eq!((socket.vfs, socket.peer, socket.uid), (None, None, Some(0)));
    assert_eq!((socket.unknown, socket.damaged), (0, None));
}

#[test]
fn a_path_with_a_space_is_read() {
    let buffer = bytes(fixtures::UNIX_PATH);
    let socket = UnixSocket::from_message(&only(&buffer)).unwrap();
    assert_eq!((socket.socket_type, socket.state), (SocketType::Datagram, State::Close));
    assert_eq!(socket.name, Some(UnixName::Path(b"/run/cap fixture.sock")));
    assert!(socket.vfs.is_some());
    assert_eq!(socket.memory.unwrap().drops, Some(0));
}

#[test]
fn a_sniffer_is_read() {
    let buffer = bytes(fixtures::PACKET);
    let socket = PacketSocket::from_message(&only(&buffer)).unwrap();
    assert_eq!((socket.socket_type, socket.protocol), (SocketType::Raw, 3));
    let info = socket.info.unwrap();
    assert_eq!((info.interface, info.version, info.running()), (1, 2, true));
    let ring = socket.receive_ring.unwrap();
    assert_eq!((ring.block_size, ring.blocks, ring.frame_size, ring.frames), (4096, 1, 2048, 2));
    assert_eq!((socket.transmit_ring, socket.fanout, socket.filter), (None, Some((7, 0)), None));
    assert_eq!((socket.uid, socket.memory.unwrap().drops), (Some(0), Some(0)));
}

#[test]
fn promiscuous_memberships_and_filters_are_read() {
    let mut membership = vec![0; 44];
    membership[0] = 3;
    membership[4] = 1;
    membership[8] = 1;
    let mut builder = RequestBuilder::new(20, 0, 0);
    builder.body(&[17, 3, 3, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    builder.attribute(1, &membership).attribute(5, &1000_u32.to_ne_bytes()).attribute(7, &[0; 24]);
    let buffer = builder.finish().unwrap();
    let socket = PacketSocket::from_message(&only(&buffer)).unwrap();
    let membership = socket.memberships.clone().next().unwrap();
    assert_eq!((membership.interface, membership.count), (3, 1));
    assert_eq!(membership.kind, MembershipKind::Promiscuous);
    assert_eq!((socket.uid, socket.filter), (Some(1000), Some(3)));
}

#[test]
fn a_vsock_listener_is_read() {
    // struct vsock_diag_msg by hand: this kernel has no vsock_diag.
    let mut payload = vec![40, 1, 10, 2];
    for field in [VSOCK_ANY, 1024, VSOCK_ANY, VSOCK_ANY, 4711, 5, 1] {
        payload.extend_from_slice(&field.to_ne_bytes());
    }
    let socket = VsockSocket::decode(&payload).unwrap();
    assert_eq!((socket.socket_type, socket.state), (SocketType::Stream, State::Listen));
    assert_eq!((socket.source_port, socket.inode, socket.cookie), (1024, 4711, 1 << 32 | 5));
    assert_eq!(socket.shutdown, Shutdown(2));
    assert!(VsockSocket::decode(&payload[..31]).is_err());
}

#[test]
fn requests_have_the_kernels_layout() {
    let buffer = unix_diag::dump_request(StateSet::LISTENING, unix_diag::Show::ALL, 4);
    let message = only(&buffer);
    assert!(message.header.has(NLM_F_REQUEST | NLM_F_DUMP));
    assert_eq!(message.payload[..16], [1, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0x7f, 0, 0, 0]);
    assert_eq!(message.payload[16..], [0xff; 8]);

    let buffer = unix_diag::exact_request(0x1234, unix_diag::Show::PEER, 4);
    assert_eq!(only(&buffer).payload[8..16], [0x34, 0x12, 0, 0, 4, 0, 0, 0]);
    assert_eq!(only(&buffer).header.flags, NLM_F_REQUEST);

    let buffer = packet_diag::dump_request(packet_diag::Show::ALL, 4);
    assert_eq!(only(&buffer).payload[..12], [17, 0, 0, 0, 0, 0, 0, 0, 0x3f, 0, 0, 0]);

    let buffer = vsock_diag::dump_request(StateSet::ALL, 4);
    assert_eq!(only(&buffer).payload[..8], [40, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    assert_eq!(only(&buffer).payload.len(), 24);
}
