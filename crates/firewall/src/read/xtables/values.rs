//! Numbers, addresses, ports and lists as the xtables programs write and read them.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::ir::{Interval, Version};

/// A number as `strtoul(..., 0)` reads it: decimal, `0x` or a leading zero (`libxtables/xtables.c`: `xtables_strtoui`).
pub(super) fn number(text: &str) -> Option<u64> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16).ok();
    }
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => u64::from_str_radix(digits, 8).ok(),
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

/// A number of at most `bits` bits.
pub(super) fn number_of(text: &str, bits: u32) -> Option<u64> {
    number(text).filter(|number| number.checked_shr(bits).unwrap_or(0) == 0)
}

/// `VALUE` or `VALUE/MASK` of 32 bits; the mask is all ones where it is not there.
pub(super) fn masked(text: &str) -> Option<(u32, u32)> {
    let (value, mask) = text.split_once('/').unwrap_or((text, "0xffffffff"));
    Some((u32::try_from(number(value)?).ok()?, u32::try_from(number(mask)?).ok()?))
}

/// `LOW:HIGH` with either end missing, or one number; of at most `bits` bits.
pub(super) fn range(text: &str, bits: u32) -> Option<Interval> {
    let most = 1_u64.checked_shl(bits).map_or(u64::MAX, |end| end - 1);
    let end = |text: &str, missing| if text.is_empty() { Some(missing) } else { number_of(text, bits) };
    let (low, high) = match text.split_once(':') {
        Some((low, high)) => (end(low, 0)?, end(high, most)?),
        None => (number_of(text, bits)?, number_of(text, bits)?),
    };
    Some(Interval { low: low.into(), high: high.into() })
}

/// A port, or a service by name.
pub(super) fn port(text: &str) -> Option<u16> {
    match number_of(text, 16) {
        Some(number) => u16::try_from(number).ok(),
        None => super::names::service(text),
    }
}

/// `LOW:HIGH` of ports with either end missing, or one port.
pub(super) fn ports(text: &str) -> Option<Interval> {
    let end = |text: &str, missing| if text.is_empty() { Some(missing) } else { port(text) };
    let (low, high) = match text.split_once(':') {
        Some((low, high)) => (end(low, 0)?, end(high, u16::MAX)?),
        None => (port(text)?, port(text)?),
    };
    Some(Interval { low: low.into(), high: high.into() })
}

/// An address of that version.
pub(super) fn address(text: &str, version: Version) -> Option<u128> {
    match version {
        Version::V4 => Some(u32::from(text.parse::<Ipv4Addr>().ok()?).into()),
        Version::V6 => Some(u128::from(text.parse::<Ipv6Addr>().ok()?)),
    }
}

/// Bits of an address.
pub(super) fn width(version: Version) -> u16 {
    match version {
        Version::V4 => 32,
        Version::V6 => 128,
    }
}

/// `ADDRESS`, `ADDRESS/LENGTH` or `ADDRESS/MASK`, as address and mask. Masks need not be of ones first.
pub(super) fn network(text: &str, version: Version) -> Option<(u128, u128)> {
    let width = width(version);
    let (address_text, mask) = match text.split_once('/') {
        Some((address, mask)) => (address, self::mask(mask, version)?),
        None => (text, prefix_mask(width, width)),
    };
    Some((address(address_text, version)? & mask, mask))
}

fn mask(text: &str, version: Version) -> Option<u128> {
    let width = width(version);
    match text.parse::<u16>() {
        Ok(length) => (length <= width).then(|| prefix_mask(length, width)),
        Err(_) => address(text, version),
    }
}

/// The mask of `width` bits whose first `length` bits are ones.
pub(super) fn prefix_mask(length: u16, width: u16) -> u128 {
    let Interval { high, .. } = Interval::prefix(0, length, width);
    Interval::prefix(0, 0, width).high & !high
}

/// The interval that an address and a mask of ones first are; `None` for other masks.
pub(super) fn interval(address: u128, mask: u128, version: Version) -> Option<Interval> {
    let width = width(version);
    let length = u16::try_from(mask.count_ones()).ok()?;
    (prefix_mask(length, width) == mask).then(|| Interval::prefix(address, length, width))
}

/// `LOW-HIGH`, or one address.
pub(super) fn address_range(text: &str, version: Version) -> Option<(u128, u128)> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    Some((address(low, version)?, address(high, version)?))
}

/// An Ethernet address, 48 bits.
pub(super) fn ethernet(text: &str) -> Option<u128> {
    let mut value = 0;
    let mut count = 0;
    for part in text.split(':') {
        if part.is_empty() || part.len() > 2 {
            return None;
        }
        value = value << 8 | u128::from_str_radix(part, 16).ok()?;
        count += 1;
    }
    (count == 6).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::{ethernet, interval, network, number, ports, range};
    use crate::ir::{Interval, Version};

    #[test]
    fn numbers_are_read_as_the_c_library_does() {
        assert_eq!(number("0x1f"), Some(31));
        assert_eq!(number("010"), Some(8));
        assert_eq!(number("0"), Some(0));
        assert_eq!(number("08"), None);
        assert_eq!(number("-1"), None);
        assert_eq!(range(":5", 8), Some(Interval { low: 0, high: 5 }));
        assert_eq!(range("5:", 8), Some(Interval { low: 5, high: 255 }));
        assert_eq!(range("5:256", 8), None);
        assert_eq!(ports("1024:"), Some(Interval { low: 1024, high: 65535 }));
        assert_eq!(ports("ssh"), Some(Interval::single(22)));
    }

    #[test]
    fn masks_may_have_holes() {
        assert_eq!(network("10.1.2.3/255.0.255.0", Version::V4), Some((0x0a00_0200, 0xff00_ff00)));
        assert_eq!(interval(0x0a00_0200, 0xff00_ff00, Version::V4), None);
        let (address, mask) = network("2001:db8::1/64", Version::V6).unwrap();
        assert_eq!(
            interval(address, mask, Version::V6).unwrap().high,
            0x2001_0db8_0000_0000_ffff_ffff_ffff_ffff
        );
        assert_eq!(interval(0, 0, Version::V6), Some(Interval { low: 0, high: u128::MAX }));
        assert_eq!(network("10.0.0.0/33", Version::V4), None);
    }

    #[test]
    fn ethernet_addresses_have_six_bytes() {
        assert_eq!(ethernet("00:11:22:aa:bb:CC"), Some(0x0011_22aa_bbcc));
        assert_eq!(ethernet("00:11:22:aa:bb"), None);
    }
}
