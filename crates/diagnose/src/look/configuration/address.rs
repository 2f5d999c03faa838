//! Addresses to listen on, as configurations write them.

use std::net::IpAddr;

/// An address and a port as most write it: `443`, `*:443`, `:443`, `10.0.0.1:443`, `[::1]:443`. A name
/// instead of an address counts as all addresses, and so do `0.0.0.0` and `::`: none.
pub(in crate::look) fn endpoint(text: &str) -> Option<(Option<IpAddr>, u16)> {
    if let Ok(port) = text.parse() {
        return Some((None, port));
    }
    let (address, port) = text.rsplit_once(':')?;
    Some((address_of(address), port.parse().ok()?))
}

/// The address, with or without brackets; none for all of them.
pub(super) fn address_of(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().ok().filter(|address| !address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_as_they_are_written() {
        let loopback = "127.0.0.1".parse().ok();
        assert_eq!(endpoint("443"), Some((None, 443)));
        assert_eq!(endpoint("*:443"), Some((None, 443)));
        assert_eq!(endpoint(":443"), Some((None, 443)));
        assert_eq!(endpoint("0.0.0.0:443"), Some((None, 443)));
        assert_eq!(endpoint("127.0.0.1:80"), Some((loopback, 80)));
        assert_eq!(endpoint("[::]:443"), Some((None, 443)));
        assert_eq!(endpoint("[fd00::1]:443"), Some(("fd00::1".parse().ok(), 443)));
        for text in ["", "unix:/run/x", "localhost", "443x", ":", "70000"] {
            assert_eq!(endpoint(text), None, "{text}");
        }
    }
}
