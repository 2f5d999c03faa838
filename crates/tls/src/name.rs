//! What a host is, and whether a certificate is for a name (RFC 9525).

use std::net::{IpAddr, Ipv6Addr};

/// The address that a host is, if it is one: in brackets or not, and without its zone, which means something on this host only
/// (RFC 4007, 6): neither certificates nor a request speak of it.
pub(crate) fn address_of(host: &str) -> Option<IpAddr> {
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    match plain.split_once('%') {
        Some((address, _)) => address.parse::<Ipv6Addr>().ok().map(IpAddr::from),
        None => plain.parse().ok(),
    }
}

/// A host as a request names it to its server: an address of IPv6 in brackets, and without a zone (RFC 9110, 7.2).
pub(crate) fn host_of_request(host: &str) -> String {
    match address_of(host) {
        Some(IpAddr::V6(address)) => format!("[{address}]"),
        Some(IpAddr::V4(address)) => address.to_string(),
        None => host.to_owned(),
    }
}

/// A host as a URL has it that is used on this host: with the zone, without which nothing is reached.
pub(crate) fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

/// Whether a name of a certificate covers a host: the same, or a wildcard for exactly the first label.
pub(crate) fn covers(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.trim_end_matches('.'), host.trim_end_matches('.'));
    if pattern.eq_ignore_ascii_case(host) {
        return !host.is_empty();
    }
    let (Some(parent), Some((first, rest))) = (pattern.strip_prefix("*."), host.split_once('.')) else {
        return false;
    };
    !first.is_empty() && parent.contains('.') && parent.eq_ignore_ascii_case(rest)
}

/// The four or sixteen bytes of an address.
pub(crate) fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(v4));
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_neither_brackets_nor_a_zone() {
        let link_local: IpAddr = "fe80::1".parse().unwrap();
        for host in ["fe80::1", "[fe80::1]", "fe80::1%eth0", "[fe80::1%eth0]", "FE80:0::1%25"] {
            assert_eq!(address_of(host), Some(link_local), "{host}");
        }
        assert_eq!(address_of("192.0.2.1"), Some(IpAddr::from([192, 0, 2, 1])));
        for host in ["", "a.test", "192.0.2.1%eth0", "a%eth0", "fe80::1:"] {
            assert_eq!(address_of(host), None, "{host}");
        }
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(covers("example.test", "EXAMPLE.test."));
        assert!(covers("*.example.test", "www.example.test"));
        for (pattern, host) in [
            ("*.example.test", "example.test"),
            ("*.example.test", "a.b.example.test"),
            ("*.test", "example.test"),
            ("w*.example.test", "www.example.test"),
            ("", ""),
            ("*.example.test", ".example.test"),
        ] {
            assert!(!covers(pattern, host), "{pattern} {host}");
        }
    }
}
