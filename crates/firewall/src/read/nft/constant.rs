//! Constants as `nft` prints them: addresses, classes, days, names with a wildcard.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::kind::Cause;
use crate::ir::{Interval, name_number, name_prefix};

pub(super) fn ipv4(text: &str) -> Result<u128, Cause> {
    text.parse::<Ipv4Addr>()
        .map(|address| u32::from(address).into())
        .map_err(|_| format!("no IPv4 address: {text}"))
}

pub(super) fn ipv6(text: &str) -> Result<u128, Cause> {
    text.parse::<Ipv6Addr>().map(u128::from).map_err(|_| format!("no IPv6 address: {text}"))
}

pub(super) fn ether(text: &str) -> Result<u128, Cause> {
    let mut number = 0_u128;
    let mut bytes = 0;
    for byte in text.split(':') {
        let byte = u8::from_str_radix(byte, 16).map_err(|_| format!("no Ethernet address: {text}"))?;
        number = number << 8 | u128::from(byte);
        bytes += 1;
    }
    if bytes == 6 { Ok(number) } else { Err(format!("no Ethernet address: {text}")) }
}

/// Days, hours and moments in words. They are distinct numbers only: what they are compared with is never known.
pub(super) fn calendar(text: &str) -> u128 {
    const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    let day = DAYS.iter().position(|day| *day == text).and_then(|day| u128::try_from(day).ok());
    day.unwrap_or_else(|| {
        let digits = text.bytes().filter(u8::is_ascii_digit).take(16);
        digits.fold(0, |number, digit| number * 10 + u128::from(digit - b'0'))
    })
}

/// `MAJOR:MINOR` in hexadecimal (`tchandle_type_print`, `src/meta.c`).
pub(super) fn class_id(text: &str) -> Option<u128> {
    match text {
        "root" => Some(0xffff_ffff),
        "none" => Some(0),
        _ => match text.split_once(':') {
            Some((major, minor)) => {
                let half = |digits: &str| {
                    if digits.is_empty() { Some(0) } else { u16::from_str_radix(digits, 16).ok() }
                };
                Some(u128::from(half(major)?) << 16 | u128::from(half(minor)?))
            }
            None => whole(text),
        },
    }
}

/// A whole number, decimal or with `0x`.
pub(super) fn whole(text: &str) -> Option<u128> {
    match text.strip_prefix("0x") {
        Some(digits) => u128::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A name, or all names that begin so where it ends in a bare `*`; `\*` is the character.
pub(super) fn wildcard(text: &str) -> Interval {
    match text.strip_suffix('*') {
        Some(prefix) if !prefix.ends_with('\\') => name_prefix(prefix),
        _ => Interval::single(name_number(&unescaped(text))),
    }
}

pub(super) fn unescaped(text: &str) -> String {
    text.strip_suffix("\\*").map_or_else(|| text.to_owned(), |name| format!("{name}*"))
}
