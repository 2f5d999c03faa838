//! Socket monitoring of the internet protocols.

use portreeve_wire::inet_diag::{Request, SocketMessage, TcpInfo};
use portreeve_wire::netlink::Messages;
use portreeve_wire::sock_diag::{AddressFamily, Protocol};

/// Reads `data` as a received buffer and as one message's payload.
pub fn run(data: &[u8]) {
    for message in Messages::new(data).flatten() {
        payload(message.payload);
    }
    payload(data);
}

fn payload(bytes: &[u8]) {
    let Ok(socket) = SocketMessage::decode(bytes) else {
        assert!(bytes.len() < SocketMessage::LEN, "only a short message is refused");
        return;
    };
    let parts = socket.extensions();
    if let Some(Ok(info)) = parts.tcp_info() {
        assert!(info.total_rto_time.is_none() || info.total_rto.is_some(), "fields end where the bytes end");
    }
    if let Some(Ok(info)) = parts.mptcp_info() {
        assert!(info.last_ack_recv.is_none() || info.local_addr_used.is_some());
    }
    let _addresses = (parts.locals.count(), parts.peers.count());
    let _info = TcpInfo::decode(bytes);

    // What identifies the socket can be asked for again, unchanged.
    let request = Request::exact(Protocol::Tcp, socket.id).encode(1).expect("a lookup has no variable part");
    let mut answer = bytes[..SocketMessage::LEN].to_vec();
    answer[4..52].copy_from_slice(&request[24..72]);
    if socket.family != AddressFamily::Inet {
        assert_eq!(answer, bytes[..SocketMessage::LEN]);
    }
    assert_eq!(SocketMessage::decode(&answer).expect("as long as before").id, socket.id);
}
