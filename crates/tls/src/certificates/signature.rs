//! Whether a signature is that of a key: by the algorithms that rustls has, named in the signature as certificates do.

use portreeve_wire::pki::KeyInfo;
use rustls::crypto::aws_lc_rs;

/// Whether it is; none where the algorithm is not one that clients accept today.
pub(super) fn is_of(key: &KeyInfo<'_>, algorithm: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    let all = aws_lc_rs::default_provider().signature_verification_algorithms.all;
    let mut fitting = all.iter().filter(|one| {
        one.public_key_alg_id().as_ref() == key.algorithm_content
            && one.signature_alg_id().as_ref() == algorithm
    });
    let first = fitting.next()?;
    let is_valid = |one: &&dyn rustls::pki_types::SignatureVerificationAlgorithm| {
        one.verify_signature(key.key, message, signature).is_ok()
    };
    Some(is_valid(first) || fitting.any(is_valid))
}
