//! Interfaces and addresses.

use portreeve_wire::netlink::Messages;
use portreeve_wire::route::{Address, Link};

/// Reads `data` as a received buffer and as one message's payload.
pub fn run(data: &[u8]) {
    for message in Messages::new(data).flatten() {
        payload(message.payload);
    }
    payload(data);
}

fn payload(bytes: &[u8]) {
    const FIXED: usize = 16;
    match Link::decode(bytes) {
        Ok(link) => assert!(!link.name.contains('\0'), "a name ends at its NUL"),
        Err(_) => assert!(bytes.len() < FIXED),
    }
    if let Ok(address) = Address::decode(bytes) {
        assert_ne!(address.peer, Some(address.address), "a peer is another address");
    }
}
