//! From the secret that two sides agreed on to keys and proofs: the functions of SSL 3.0 (RFC 6101), TLS 1.0 and 1.1 (RFC 4346, 5)
//! and TLS 1.2 (RFC 5246, 5).

use portreeve_wire::tls::{Suite, Version};

use super::hash::Hash;

/// Bytes of a master secret.
const MASTER: usize = 48;

/// How a version and a suite derive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prf {
    /// SSL 3.0: MD5 of SHA-1.
    Ssl3,
    /// TLS 1.0 and 1.1: MD5 and SHA-1, each with half of the secret.
    Md5Sha1,
    /// TLS 1.2: one digest.
    Of(Hash),
}

/// Whose proof it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This one.
    Client,
    /// The other.
    Server,
}

impl Prf {
    /// Of a version and a suite: in TLS 1.2 the suite names the digest, SHA-256 where it is an older one.
    pub fn of(version: Version, suite: Suite) -> Self {
        match version {
            Version::Ssl3 => Self::Ssl3,
            Version::Tls10 | Version::Tls11 => Self::Md5Sha1,
            _ if suite.name().is_some_and(|name| name.ends_with("_SHA384")) => Self::Of(Hash::Sha384),
            _ => Self::Of(Hash::Sha256),
        }
    }

    /// As many bytes as are wanted of a secret, a label and a seed. SSL 3.0 knows no labels.
    pub fn expand(self, secret: &[u8], label: &[u8], seed: &[u8], length: usize) -> Vec<u8> {
        match self {
            Self::Ssl3 => ssl3(secret, seed, length),
            Self::Md5Sha1 => {
                let half = secret.len().div_ceil(2);
                let first = secret.get(..half).unwrap_or_default();
                let second = secret.get(secret.len() - half..).unwrap_or_default();
                let md5 = p_hash(Hash::Md5, first, label, seed, length);
                let sha1 = p_hash(Hash::Sha1, second, label, seed, length);
                md5.iter().zip(sha1).map(|(a, b)| a ^ b).collect()
            }
            Self::Of(hash) => p_hash(hash, secret, label, seed, length),
        }
    }

    /// The master secret of a premaster secret and both randoms.
    pub fn master_secret(self, premaster: &[u8], client: &[u8; 32], server: &[u8; 32]) -> Vec<u8> {
        self.expand(premaster, b"master secret", &[&client[..], server].concat(), MASTER)
    }

    /// The master secret that is bound to the handshake (RFC 7627, 4), of all messages up to `ClientKeyExchange`.
    pub fn extended_master_secret(self, premaster: &[u8], messages: &[u8]) -> Vec<u8> {
        self.expand(premaster, b"extended master secret", &self.digest(messages), MASTER)
    }

    /// The bytes that keys are cut from. The server's random comes first here.
    pub fn key_block(self, master: &[u8], client: &[u8; 32], server: &[u8; 32], length: usize) -> Vec<u8> {
        self.expand(master, b"key expansion", &[&server[..], client].concat(), length)
    }

    /// What a `Finished` says: 12 bytes, 36 in SSL 3.0.
    pub fn verify_data(self, side: Side, master: &[u8], messages: &[u8]) -> Vec<u8> {
        if self == Self::Ssl3 {
            let sender: &[u8] = if side == Side::Client { b"CLNT" } else { b"SRVR" };
            let proofs = [Hash::Md5, Hash::Sha1].map(|hash| {
                let (inner, outer) = hash.ssl3_pads();
                hash.digest(&[master, outer, &hash.digest(&[messages, sender, master, inner])])
            });
            return proofs.concat();
        }
        let label: &[u8] = if side == Side::Client { b"client finished" } else { b"server finished" };
        self.expand(master, label, &self.digest(messages), 12)
    }

    /// The digest of handshake messages.
    fn digest(self, messages: &[u8]) -> Vec<u8> {
        match self {
            Self::Ssl3 | Self::Md5Sha1 => {
                [Hash::Md5.digest(&[messages]), Hash::Sha1.digest(&[messages])].concat()
            }
            Self::Of(hash) => hash.digest(&[messages]),
        }
    }
}

/// `P_hash`: A(0) is the seed, A(i) the HMAC of A(i-1).
fn p_hash(hash: Hash, secret: &[u8], label: &[u8], seed: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut a = hash.hmac(secret, &[label, seed]);
    while bytes.len() < length {
        bytes.extend(hash.hmac(secret, &[&a, label, seed]));
        a = hash.hmac(secret, &[&a]);
    }
    bytes.truncate(length);
    bytes
}

/// `MD5(secret + SHA('A' + secret + seed))`, then with `BB`, with `CCC`. 26 letters are more than any suite needs.
fn ssl3(secret: &[u8], seed: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (times, letter) in (b'A'..=b'Z').enumerate() {
        if bytes.len() >= length {
            break;
        }
        let salt = vec![letter; times + 1];
        let inner = Hash::Sha1.digest(&[&salt, secret, seed]);
        bytes.extend(Hash::Md5.digest(&[secret, &inner]));
    }
    bytes.truncate(length);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::tests::hex;

    #[test]
    fn tls_1_2_agrees_with_published_vectors() {
        // The vectors that were published on the mailing list of the IETF's TLS working group in 2009.
        for (hash, secret, seed, label, expected) in [
            (
                Hash::Sha256,
                "9bbe436ba940f017b17652849a71db35",
                "a0ba9f936cda311827a6f796ffd5198c",
                "test label",
                "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af\
                 0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701\
                 87347b66",
            ),
            (
                Hash::Sha384,
                "b80b733d6ceefcdc71566ea48e5567df",
                "cd665cf6a8447dd6ff8b27555edb7465",
                "test label",
                "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0\
                 e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425\
                 9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703\
                 d73e56f",
            ),
        ] {
            let expected = hex(expected);
            let got = Prf::Of(hash).expand(&hex(secret), label.as_bytes(), &hex(seed), expected.len());
            assert_eq!(got, expected, "{hash:?}");
        }
    }

    #[test]
    fn halves_of_an_odd_secret_share_their_middle_byte() {
        let label = b"test label";
        let md5 = p_hash(Hash::Md5, &[1, 2], label, b"seed", 40);
        let sha1 = p_hash(Hash::Sha1, &[2, 3], label, b"seed", 40);
        let both: Vec<u8> = md5.iter().zip(sha1).map(|(a, b)| a ^ b).collect();
        assert_eq!(Prf::Md5Sha1.expand(&[1, 2, 3], label, b"seed", 40), both);
    }
}
