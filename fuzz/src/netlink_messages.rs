//! The netlink envelope: messages, their classes, attributes.

use portreeve_wire::netlink::{ATTRIBUTE_HEADER_LEN, Attributes, Class, HEADER_LEN, Messages};

/// Walks `data` as a received buffer.
pub fn run(data: &[u8]) {
    let mut accounted = 0;
    let mut ended = false;
    for message in Messages::new(data) {
        assert!(!ended, "nothing follows an error");
        let Ok(message) = message else {
            ended = true;
            continue;
        };
        let bytes = &data[accounted..];
        assert_eq!(message.header.encode(), bytes[..HEADER_LEN], "a header survives");
        assert_eq!(message.payload, &bytes[HEADER_LEN..message.header.len as usize]);
        accounted += (message.header.len as usize).next_multiple_of(4).min(bytes.len());
        if let Ok(Class::Error(error)) = message.classify() {
            assert_eq!(error.request.encode(), message.payload[4..4 + HEADER_LEN]);
        }
        attributes(message.payload, 0);
    }
    assert!(ended || accounted == data.len(), "every byte is accounted for");
}

fn attributes(bytes: &[u8], depth: usize) {
    let mut accounted = 0;
    for attribute in Attributes::new(bytes).flatten() {
        accounted += ATTRIBUTE_HEADER_LEN + attribute.payload.len();
        assert!(accounted <= bytes.len(), "attributes do not overlap");
        let _values = (attribute.u8(), attribute.be16(), attribute.u32(), attribute.u64(), attribute.str());
        accounted = accounted.next_multiple_of(4);
        if depth < 8 {
            attributes(attribute.payload, depth + 1);
        }
    }
}
