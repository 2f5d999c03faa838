//! Whether a certificate is for a name (RFC 9525).

use std::net::IpAddr;

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
