//! Tests of sessions, and what they share with tests of features and checks: a server that has faults, and digits.

mod features;
mod flow;
mod hostile;
pub(crate) mod peer;
pub(crate) mod stage;

/// Bytes of hexadecimal digits.
pub(crate) fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
