//! The client's half of a key exchange: what it sends, and the secret that both sides then have. Every key lives for one message.

use num_bigint::BigUint;
use portreeve_wire::magnitude::trimmed;
use portreeve_wire::tls::messages::{ExchangeKey, ServerKeyExchange};
use portreeve_wire::tls::{KeyExchange, NamedGroup, Suite, Version};

use super::entropy::Entropy;
use crate::rsa::RsaKey;
use crate::share::Share;

/// The groups of curves that are spoken, best first.
pub const GROUPS: [NamedGroup; 4] =
    [NamedGroup::X25519, NamedGroup::Secp256r1, NamedGroup::Secp384r1, NamedGroup::Secp521r1];

/// The longest modulus or prime that is reckoned with, in bytes: 16384 bits, OpenSSL's limit. Beyond it one exchange takes minutes.
const LONGEST_NUMBER: usize = 2048;

/// The client's half.
#[derive(Debug)]
pub(super) struct Half {
    /// The body of `ClientKeyExchange`.
    pub(super) message: Vec<u8>,
    /// What both sides now know.
    pub(super) premaster: Vec<u8>,
}

/// Agrees on a secret with what the server sent. `version` is the one of the session, `offered` the one of the client's hello.
///
/// # Errors
/// A key or a group that can not be used: one sentence.
pub(super) fn agree(
    suite: Suite,
    version: Version,
    offered: Version,
    chain: &[Vec<u8>],
    exchange: Option<&ServerKeyExchange>,
    entropy: &mut Entropy,
) -> Result<Half, String> {
    match (suite.key_exchange(), exchange.map(|exchange| &exchange.key)) {
        (Some(KeyExchange::Rsa), None) => {
            let leaf = chain.first().ok_or("the server sent no certificate to encrypt with")?;
            let key = RsaKey::of_certificate(leaf)
                .ok_or("the server's certificate has no RSA key of a usual size")?;
            Ok(by_rsa(&key, version, offered, entropy))
        }
        (Some(KeyExchange::Dhe), Some(ExchangeKey::FiniteField { prime, generator, public })) => {
            by_finite_field(prime, generator, public, entropy)
        }
        (Some(KeyExchange::Ecdhe), Some(ExchangeKey::Curve { group, point })) => {
            by_curve(*group, point, entropy)
        }
        _ => Err(format!("the server's key exchange does not fit {suite}")),
    }
}

/// A premaster secret of 48 bytes, encrypted as PKCS #1 v1.5 says (RFC 8017, 7.2.1).
fn by_rsa(key: &RsaKey, version: Version, offered: Version, entropy: &mut Entropy) -> Half {
    let mut premaster = entropy.bytes(48);
    // The version that the client offered, not the one that was chosen (RFC 5246, 7.4.7.1).
    premaster.splice(..2, offered.value().to_be_bytes());
    let length = key.length();
    let mut padding = Vec::new();
    while padding.len() < length - 51 {
        padding.extend(entropy.bytes(length).into_iter().filter(|byte| *byte != 0));
    }
    padding.truncate(length - 51);
    let encrypted = key.encrypt(&[&[0, 2][..], &padding, &[0], &premaster].concat());
    // SSL 3.0 leaves the length out.
    let message = if version == Version::Ssl3 { encrypted } else { prefixed16(&encrypted) };
    Half { message, premaster }
}

fn by_finite_field(
    prime: &[u8],
    generator: &[u8],
    public: &[u8],
    entropy: &mut Entropy,
) -> Result<Half, String> {
    let prime = trimmed(prime);
    if prime.len() > LONGEST_NUMBER {
        return Err(format!("a prime of {} bits is not used", prime.len() * 8));
    }
    let length = prime.len();
    let [prime, generator, public] = [prime, generator, public].map(BigUint::from_bytes_be);
    if prime.bits() < 3 {
        return Err("the server's prime is none".to_owned());
    }
    // Twice the strength of the largest usual group is enough for a key that lives for one handshake.
    let key = BigUint::from_bytes_be(&entropy.bytes(40));
    let message = prefixed16(&padded(&generator.modpow(&key, &prime), length));
    // Leading zeros are taken away (RFC 5246, 8.1.2).
    let premaster = public.modpow(&key, &prime).to_bytes_be();
    Ok(Half { message, premaster })
}

fn by_curve(group: NamedGroup, point: &[u8], entropy: &mut Entropy) -> Result<Half, String> {
    let share = Share::new(group, entropy)?;
    let length = u8::try_from(share.public().len()).unwrap_or(u8::MAX);
    Ok(Half { message: [&[length], share.public()].concat(), premaster: share.agree(point)? })
}

fn padded(number: &BigUint, length: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; length.saturating_sub(bytes.len())], bytes].concat()
}

fn prefixed16(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes()[..], bytes].concat()
}
