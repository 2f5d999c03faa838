//! The RSA key of the server, and primes.

use num_bigint::BigUint;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

/// The server's certificate, in DER: for mock.test, made with `openssl req -x509 -newkey rsa:1024`. A longer key would only keep tests
/// waiting.
pub(crate) fn certificate() -> Vec<u8> {
    include_bytes!("certificate.der").to_vec()
}

/// Decrypts what was encrypted with the key of the certificate: all bytes, padding included.
pub(crate) fn opened(encrypted: &[u8]) -> Vec<u8> {
    let der = certificate();
    let (_, certificate) = x509_parser::certificate::X509Certificate::from_der(&der).unwrap();
    let PublicKey::RSA(public) = certificate.public_key().parsed().unwrap() else { panic!("no RSA key") };
    let modulus = BigUint::from_bytes_be(public.modulus);
    let digits = include_str!("private_exponent.hex").split_whitespace().collect::<String>();
    let exponent = BigUint::parse_bytes(digits.as_bytes(), 16).unwrap();
    let opened = BigUint::from_bytes_be(encrypted).modpow(&exponent, &modulus).to_bytes_be();
    let length = usize::try_from(modulus.bits().div_ceil(8)).unwrap();
    [vec![0; length - opened.len()], opened].concat()
}

/// An odd number of so many bits, which nobody shares; whether it is prime nobody asks.
pub(crate) fn prime(bits: usize) -> Vec<u8> {
    let mut number = vec![0xc7; bits / 8];
    *number.last_mut().unwrap() |= 1;
    number
}

/// Oakley group 2 (RFC 2409, 6.2): the prime of 1024 bits that most servers shared.
pub(crate) fn oakley_2() -> Vec<u8> {
    BigUint::parse_bytes(
        b"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
          EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
          EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
        16,
    )
    .unwrap()
    .to_bytes_be()
}
