//! Networks as people write them.

use std::net::IpAddr;

/// `192.0.2.0/24`, or an address, which is a network of one.
pub(crate) fn address_and_length(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) =
        text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let digits = |length: &str| {
        let plain = length.len() <= 3 && length.bytes().all(|byte| byte.is_ascii_digit());
        if plain { length.parse().ok() } else { None }
    };
    let length = length.map_or(Some(longest), digits)?;
    (length <= longest).then_some((address, length))
}

#[cfg(test)]
mod tests {
    use super::address_and_length;

    #[test]
    fn a_length_is_plain_and_not_longer_than_the_address() {
        assert_eq!(address_and_length("192.0.2.7/24").map(|(_, length)| length), Some(24));
        assert_eq!(address_and_length("2001:db8::1").map(|(_, length)| length), Some(128));
        for wrong in ["192.0.2.0/33", "192.0.2.0/", "192.0.2.0/+8", "192.0.2/24", "::/0128", "x/8", ""] {
            assert_eq!(address_and_length(wrong), None, "{wrong}");
        }
    }
}
