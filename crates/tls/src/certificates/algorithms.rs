//! Names of algorithms, curves, usages and purposes, as OpenSSL writes them.

use portreeve_wire::pki::Oid;

/// `1.2.840.113549.1.1`.
macro_rules! pkcs1 {
    ($last:literal) => {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, $last]
    };
}

/// An algorithm of signatures.
pub(crate) fn signature(oid: Oid<'_>) -> String {
    let name = match oid.0 {
        pkcs1!(2) => "md2WithRSAEncryption",
        pkcs1!(4) => "md5WithRSAEncryption",
        pkcs1!(5) | [0x2b, 14, 3, 2, 29] => "sha1WithRSAEncryption",
        pkcs1!(10) => "rsassaPss",
        pkcs1!(11) => "sha256WithRSAEncryption",
        pkcs1!(12) => "sha384WithRSAEncryption",
        pkcs1!(13) => "sha512WithRSAEncryption",
        pkcs1!(14) => "sha224WithRSAEncryption",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1] => "ecdsa-with-SHA1",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1] => "ecdsa-with-SHA224",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2] => "ecdsa-with-SHA256",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3] => "ecdsa-with-SHA384",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4] => "ecdsa-with-SHA512",
        [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3] => "dsaWithSHA1",
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 1] => "dsa_with_SHA224",
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 2] => "dsa_with_SHA256",
        [0x2b, 0x65, 0x70] => "ED25519",
        [0x2b, 0x65, 0x71] => "ED448",
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 17] => "ML-DSA-44",
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18] => "ML-DSA-65",
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 19] => "ML-DSA-87",
        _ => return oid.to_string(),
    };
    name.to_owned()
}

/// A sort of keys, and its bits where they do not depend on the key.
pub(crate) fn key(oid: Oid<'_>) -> (String, usize) {
    let (name, bits) = match oid.0 {
        pkcs1!(1) => ("RSA", 0),
        pkcs1!(10) => ("RSA-PSS", 0),
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1] => ("EC", 0),
        [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1] => ("DSA", 0),
        [0x2b, 0x65, 0x70] => ("Ed25519", 256),
        [0x2b, 0x65, 0x71] => ("Ed448", 456),
        _ => return (oid.to_string(), 0),
    };
    (name.to_owned(), bits)
}

/// A curve and its bits.
pub(crate) fn curve(oid: Oid<'_>) -> (String, usize) {
    let (name, bits) = match oid.0 {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1] => ("prime192v1", 192),
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7] => ("prime256v1", 256),
        [0x2b, 0x81, 4, 0, 33] => ("secp224r1", 224),
        [0x2b, 0x81, 4, 0, 34] => ("secp384r1", 384),
        [0x2b, 0x81, 4, 0, 35] => ("secp521r1", 521),
        [0x2b, 0x81, 4, 0, 10] => ("secp256k1", 256),
        [0x2b, 0x81, 4, 0, 8] => ("secp160r1", 160),
        [0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7] => ("brainpoolP256r1", 256),
        [0x2b, 0x24, 3, 3, 2, 8, 1, 1, 11] => ("brainpoolP384r1", 384),
        [0x2b, 0x24, 3, 3, 2, 8, 1, 1, 13] => ("brainpoolP512r1", 512),
        _ => return (oid.to_string(), 0),
    };
    (name.to_owned(), bits)
}

/// What a key may be used for, the bits of the standard in their order (RFC 5280, 4.2.1.3).
pub(super) const KEY_USAGES: [&str; 9] = [
    "Digital Signature",
    "Non Repudiation",
    "Key Encipherment",
    "Data Encipherment",
    "Key Agreement",
    "Certificate Sign",
    "CRL Sign",
    "Encipher Only",
    "Decipher Only",
];

/// What a certificate is for (RFC 5280, 4.2.1.12).
pub(super) fn purpose(oid: Oid<'_>) -> String {
    let name = match oid.0 {
        [0x2b, 6, 1, 5, 5, 7, 3, 1] => "TLS Web Server Authentication",
        [0x2b, 6, 1, 5, 5, 7, 3, 2] => "TLS Web Client Authentication",
        [0x2b, 6, 1, 5, 5, 7, 3, 3] => "Code Signing",
        [0x2b, 6, 1, 5, 5, 7, 3, 4] => "E-mail Protection",
        [0x2b, 6, 1, 5, 5, 7, 3, 8] => "Time Stamping",
        OCSP_SIGNING => "OCSP Signing",
        [0x55, 0x1d, 37, 0] => "Any Extended Key Usage",
        _ => return oid.to_string(),
    };
    name.to_owned()
}

/// The purpose of the certificates of OCSP responders (RFC 6960, 4.2.2.2).
pub(super) const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
