//! Generic netlink families.

use portreeve_wire::genetlink::{
    Family, FouPort, GenericMessage, L2tpTunnel, WireguardDevice, family_request,
};
use portreeve_wire::netlink::Messages;

/// Reads `data` as a received buffer and as one message's payload, and asks for a family of that name.
pub fn run(data: &[u8]) {
    for message in Messages::new(data).flatten() {
        payload(message.payload);
    }
    payload(data);
    if let Ok(name) = std::str::from_utf8(data) {
        let request = family_request(name, 1);
        assert_eq!(request.is_ok(), name.len() < 65_531, "only an attribute's length limits a name");
        if let Ok(request) = request {
            assert_eq!(Messages::new(&request).flatten().count(), 1);
        }
    }
}

fn payload(bytes: &[u8]) {
    assert_eq!(GenericMessage::decode(bytes).is_ok(), bytes.len() >= 4);
    let command = bytes.first().copied();
    // Each family refuses the commands that are not its own.
    assert!(Family::decode(bytes).is_err() || command == Some(1));
    assert!(WireguardDevice::decode(bytes).is_err() || command == Some(0));
    assert!(FouPort::decode(bytes).is_err() || command == Some(3));
    assert!(L2tpTunnel::decode(bytes).is_err() || command == Some(4));
}
