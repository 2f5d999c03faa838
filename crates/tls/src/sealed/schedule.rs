//! The secrets of the handshake out of a key exchange (RFC 8446, 7.1).

use portreeve_wire::tls::Suite;

use crate::explain::{Hash, Secrets};

/// The secrets that encrypt the handshake: `shared` is what the key exchange came to, `hellos` are the messages up to the server's hello
/// as a transcript has them.
pub(super) fn secrets(suite: Suite, shared: &[u8], hellos: &[u8]) -> Secrets {
    let hash = Hash::of(suite);
    let zeros = vec![0; hash.length()];
    // HKDF-Extract is HMAC with the salt as its key (RFC 5869, 2.2).
    let early = hash.mac(&zeros, &zeros);
    let derived = hash.derive(&early, "derived", &hash.digest(&[]));
    let handshake = hash.mac(&derived, shared);
    let covered = hash.digest(hellos);
    let mut secrets = Secrets::default();
    secrets.keep("CLIENT_HANDSHAKE_TRAFFIC_SECRET", &hash.derive(&handshake, "c hs traffic", &covered));
    secrets.keep("SERVER_HANDSHAKE_TRAFFIC_SECRET", &hash.derive(&handshake, "s hs traffic", &covered));
    secrets
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    /// RFC 8448, 3: the secrets of the trace, with what its hellos hash to.
    #[test]
    fn the_schedule_is_that_of_the_published_trace() {
        let bytes = |text: &str| HEXLOWER.decode(text.as_bytes()).unwrap();
        let shared = bytes("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");
        let hash = Hash::of(Suite(0x1301));
        let early = hash.mac(&[0; 32], &[0; 32]);
        assert_eq!(
            HEXLOWER.encode(&early),
            "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"
        );
        let derived = hash.derive(&early, "derived", &hash.digest(&[]));
        assert_eq!(
            HEXLOWER.encode(&derived),
            "6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba"
        );
        let handshake = hash.mac(&derived, &shared);
        assert_eq!(
            HEXLOWER.encode(&handshake),
            "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac"
        );
        let covered = bytes("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8");
        assert_eq!(
            HEXLOWER.encode(&hash.derive(&handshake, "s hs traffic", &covered)),
            "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38"
        );
    }
}
