//! Texts as the auditors write them, brought into one form.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// SHA-256 of bytes in base 64, such as the inner part of PEM, in hexadecimal.
pub(crate) fn digest_of_base64(text: &str) -> String {
    hexadecimal(&Sha256::digest(from_base64(text)))
}

/// The bytes of standard base 64; white space and padding are passed over.
pub(crate) fn from_base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for byte in text.bytes() {
        let Some(digit) = DIGITS.iter().position(|digit| *digit == byte) else { continue };
        held = (held << 6 | u32::try_from(digit).unwrap()) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    bytes
}

/// `yes` or `no`.
pub(crate) fn yes(yes: bool) -> String {
    if yes { "yes" } else { "no" }.into()
}

/// Names in one order.
pub(crate) fn sorted(mut names: Vec<String>) -> String {
    names.sort();
    names.join(" ")
}

#[test]
fn base64_of_every_length() {
    for (text, bytes) in [("", ""), ("TQ==", "M"), ("TWE=", "Ma"), ("TW\nFu", "Man"), ("TWFueQ==", "Many")] {
        assert_eq!(from_base64(text), bytes.as_bytes());
    }
}
