//! Packet traces and connection tracking entries.

use portreeve_wire::netfilter::conntrack::Entry;
use portreeve_wire::netfilter::trace::Event;
use portreeve_wire::netlink::Messages;

/// Reads `data` as a received buffer and as one message's payload.
pub fn run(data: &[u8]) {
    for message in Messages::new(data).flatten() {
        let _other_kinds = (Event::from_message(&message), Entry::from_message(&message));
        payload(message.payload);
    }
    payload(data);
}

fn payload(bytes: &[u8]) {
    if let Ok(event) = Event::decode(bytes) {
        assert!(event.chain.is_none_or(|name| !name.contains('\0')), "a name ends at its NUL");
    }
    if let Ok(mut entry) = Entry::decode(bytes) {
        let families = (entry.original.family(), entry.original.destination.is_ipv4());
        // The number is the kernel's to choose, and a request says a time-out.
        entry.id = None;
        entry.timeout = Some(entry.timeout.unwrap_or(120));
        if matches!(families, (2, true) | (10, false)) {
            again(&entry);
        }
    }
}

/// What is asked for is what is read.
fn again(entry: &Entry) {
    let Ok(request) = entry.create_request(1) else { return };
    let message = Messages::new(&request).flatten().next().expect("a request is one message");
    let read = Entry::from_message(&message).expect("a request can be read");
    assert_eq!(read.original, entry.original, "the tuple survives");
    assert_eq!((read.status, read.mark, read.timeout), (entry.status, entry.mark, entry.timeout));
}
