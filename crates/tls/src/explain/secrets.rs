//! The secrets of one connection, and what is computed from them (RFC 8446, 7; RFC 5246, 5 and 6.3).

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::{digest, hmac};
use portreeve_wire::tls::Suite;

/// Secrets by the labels of the NSS key log format.
#[derive(Default)]
pub(crate) struct Secrets(BTreeMap<String, Vec<u8>>);

impl Secrets {
    pub(crate) fn keep(&mut self, label: &str, secret: &[u8]) {
        self.0.insert(label.to_owned(), secret.to_vec());
    }

    pub(super) fn secret(&self, label: &str) -> Option<&[u8]> {
        self.0.get(label).map(Vec::as_slice)
    }
}

impl fmt::Debug for Secrets {
    /// Never the secrets themselves.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The hash function of a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    pub(crate) fn of(suite: Suite) -> Self {
        if suite.name().is_some_and(|name| name.ends_with("SHA384")) { Self::Sha384 } else { Self::Sha256 }
    }

    pub(crate) fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    pub(crate) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }

    pub(crate) fn mac(self, key: &[u8], bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
        };
        hmac::sign(&hmac::Key::new(algorithm, key), bytes).as_ref().to_vec()
    }

    /// HKDF-Expand-Label without a context.
    pub(super) fn expand_label(self, secret: &[u8], label: &str, length: usize) -> Vec<u8> {
        self.expand(secret, label, &[], length)
    }

    /// Derive-Secret, of the hash of the messages that it covers.
    pub(crate) fn derive(self, secret: &[u8], label: &str, covered: &[u8]) -> Vec<u8> {
        self.expand(secret, label, covered, self.length())
    }

    /// HKDF-Expand-Label (RFC 8446, 7.1; RFC 5869, 2.3).
    fn expand(self, secret: &[u8], label: &str, context: &[u8], length: usize) -> Vec<u8> {
        let label = format!("tls13 {label}");
        let mut info = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes().to_vec();
        info.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
        info.extend(label.as_bytes());
        info.push(u8::try_from(context.len()).unwrap_or(u8::MAX));
        info.extend(context);
        let (mut output, mut block) = (Vec::new(), Vec::new());
        for number in 1..=u8::MAX {
            block = self.mac(secret, &[block.as_slice(), &info, &[number]].concat());
            output.extend_from_slice(&block);
            if output.len() >= length {
                break;
            }
        }
        output.truncate(length);
        output
    }

    /// The pseudorandom function of TLS 1.2 (RFC 5246, 5).
    pub(super) fn prf(self, secret: &[u8], label: &str, seed: &[u8], length: usize) -> Vec<u8> {
        let seed = [label.as_bytes(), seed].concat();
        let (mut output, mut a) = (Vec::new(), seed.clone());
        while output.len() < length {
            a = self.mac(secret, &a);
            output.extend(self.mac(secret, &[a.as_slice(), &seed].concat()));
        }
        output.truncate(length);
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// RFC 8448, 3: the server's handshake traffic secret, its key and IV, and its Finished key.
    #[test]
    fn labels_expand_as_in_the_published_trace() {
        let secret = bytes("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
        assert_eq!(Hash::Sha256.expand_label(&secret, "key", 16), bytes("3fce516009c21727d0f2e4e86ee403bc"));
        assert_eq!(Hash::Sha256.expand_label(&secret, "iv", 12), bytes("5d313eb2671276ee13000b30"));
        let finished = bytes("008d3b66f816ea559f96b537e885c31fc068bf492c652f01f288a1d8cdc19fc8");
        assert_eq!(Hash::Sha256.expand_label(&secret, "finished", 32), finished);
    }
}
