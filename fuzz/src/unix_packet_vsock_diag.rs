//! Socket monitoring of Unix, packet and vsock sockets.

use portreeve_wire::netlink::Messages;
use portreeve_wire::packet_diag::PacketSocket;
use portreeve_wire::unix_diag::{UnixName, UnixSocket};
use portreeve_wire::vsock_diag::VsockSocket;

/// Reads `data` as a received buffer and as one message's payload.
pub fn run(data: &[u8]) {
    for message in Messages::new(data).flatten() {
        payload(message.payload);
    }
    payload(data);
}

fn payload(bytes: &[u8]) {
    const FIXED: usize = 16;
    match UnixSocket::decode(bytes) {
        Ok(socket) => {
            if let Some(UnixName::Path(path)) = socket.name {
                assert!(!path.contains(&0), "a path ends at its NUL");
            }
            assert!(socket.pending.count() <= bytes.len() / 4);
        }
        Err(_) => assert!(bytes.len() < FIXED),
    }
    match PacketSocket::decode(bytes) {
        Ok(socket) => assert!(socket.memberships.count() <= bytes.len() / 44),
        Err(_) => assert!(bytes.len() < FIXED),
    }
    assert_eq!(VsockSocket::decode(bytes).is_ok(), bytes.len() >= VsockSocket::LEN);
}
