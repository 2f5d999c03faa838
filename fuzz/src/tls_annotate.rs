//! The meaning of each byte of a handshake message, and keys for Encrypted Client Hello.

use portreeve_wire::tls::annotate::{self, Agreed, Annotation};
use portreeve_wire::tls::ech::ech_configs;
use portreeve_wire::tls::{Suite, Version};

/// Reads `data` as one message: its first byte says what was agreed on before, the rest is the message.
pub fn run(data: &[u8]) {
    let Some((&agreed, message)) = data.split_first() else { return };
    let version = match agreed & 3 {
        0 => None,
        1 => Some(Version::Ssl3),
        2 => Some(Version::Tls12),
        _ => Some(Version::Tls13),
    };
    // ECDHE, DHE, RSA, and one of TLS 1.3.
    let suite = [0xc02f, 0x009e, 0x002f, 0x1301][usize::from(agreed >> 2 & 3)];
    let agreed = Agreed { version, suite: Some(Suite(suite)) };
    nested(&annotate::handshake(message, agreed), message.len());
    nested(&annotate::alert(message), message.len());
    nested(&annotate::change_cipher_spec(message), message.len());
    let (all, _) = ech_configs(message);
    assert!(all.len() * 4 <= message.len(), "each set of keys has a header");
}

/// Every annotation lies in the message, in the field that it is a part of, and behind its older sisters.
fn nested(all: &[Annotation], length: usize) {
    let mut around = vec![(0, length)];
    let mut behind = vec![0; 1];
    for one in all {
        let depth = usize::from(one.depth);
        assert!(depth < around.len(), "a part has a whole: {one:?}");
        around.truncate(depth + 1);
        behind.truncate(depth + 1);
        let end = one.offset + one.length;
        let (outer, outer_end) = around[depth];
        assert!(outer <= one.offset && end <= outer_end, "a part is within its whole: {one:?}");
        assert!(behind[depth] <= one.offset, "parts do not overlap: {one:?}");
        behind[depth] = end;
        around.push((one.offset, end));
        behind.push(one.offset);
    }
}
