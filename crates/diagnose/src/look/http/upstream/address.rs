//! Addresses of upstreams as logs and configurations write them.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::facts::http::UpstreamAddress;

impl UpstreamAddress {
    /// Reads `127.0.0.1:8080`, `[::1]:8080`, `app:8080`, `unix:/run/a.sock`, `unix//run/a.sock`, `/run/a.sock`, each also behind a scheme
    /// (`http://`, `fastcgi://`, `uwsgi://`, `h2c://`) and before a path; `port` is that of a host without one.
    pub(super) fn read(text: &str, port: Option<u16>) -> Option<Self> {
        let text =
            text.trim_matches(|character: char| character.is_whitespace() || "\"',;()".contains(character));
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest))
                if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+') =>
            {
                (scheme, rest)
            }
            _ => ("", text),
        };
        if let Some(path) = unix_path(scheme, rest) {
            return Some(Self::Unix { path });
        }
        let usual = match scheme {
            "http" | "ws" | "h2c" | "grpc" => Some(80),
            "https" | "wss" | "h2" | "grpcs" => Some(443),
            "ajp" => Some(8009),
            "fcgi" => Some(8000),
            _ => port,
        };
        let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let (host, port) = host_and_port(authority, usual)?;
        is_host(&host).then_some(Self::Tcp { host, port })
    }

    /// The address of a socket's other end.
    pub(super) fn of(address: SocketAddr) -> Self {
        Self::Tcp { host: address.ip().to_canonical().to_string(), port: address.port() }
    }
}

fn unix_path(scheme: &str, rest: &str) -> Option<String> {
    let rest = match rest.strip_prefix("unix:").or_else(|| rest.strip_prefix("unix@")) {
        Some(rest) => rest,
        None if scheme == "unix" || scheme.starts_with("unix+") => rest,
        // Caddy's notation of a network and an address.
        None => match rest.strip_prefix("unix/") {
            Some(path) if path.starts_with('/') => path,
            _ if scheme.is_empty() && rest.starts_with('/') => rest,
            _ => return None,
        },
    };
    // nginx ends the path of a socket with a colon, Apache with a bar; a URI may follow.
    let path = rest.split([':', '|', ' ', '"']).next().unwrap_or_default();
    (path.len() > 1 && (path.starts_with('/') || path.starts_with('@'))).then(|| path.to_owned())
}

fn host_and_port(authority: &str, usual: Option<u16>) -> Option<(String, u16)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, after) = rest.split_once(']')?;
        address.parse::<Ipv6Addr>().ok()?;
        let port = after.strip_prefix(':').map_or(usual, |port| port.parse().ok())?;
        return Some((address.to_owned(), port));
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => Some((host.to_owned(), digits(port)?)),
        None => Some((authority.to_owned(), usual?)),
    }
}

/// A port that may be followed by what does not belong to it.
fn digits(text: &str) -> Option<u16> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..end)?.parse().ok().filter(|port| *port != 0)
}

fn is_host(host: &str) -> bool {
    let name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    host.parse::<Ipv4Addr>().is_ok()
        || host.parse::<Ipv6Addr>().is_ok()
        || (!host.is_empty() && host.len() <= 253 && host.bytes().all(name))
}

#[cfg(test)]
mod tests {
    use crate::facts::http::UpstreamAddress;

    fn read(text: &str) -> Option<String> {
        UpstreamAddress::read(text, None).map(|address| address.to_string())
    }

    #[test]
    fn every_notation_is_read() {
        for (text, expected) in [
            ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
            ("http://backend", "backend:80"),
            ("https://app.internal/x?y", "app.internal:443"),
            ("fastcgi://127.0.0.1:9000", "127.0.0.1:9000"),
            ("fastcgi://unix:/run/php/php8.2-fpm.sock:", "unix:/run/php/php8.2-fpm.sock"),
            ("http://unix:/run/app.sock:/path", "unix:/run/app.sock"),
            ("unix:/run/app.sock", "unix:/run/app.sock"),
            ("unix//run/app.sock", "unix:/run/app.sock"),
            ("unix@/run/app.sock", "unix:/run/app.sock"),
            ("/run/app.sock", "unix:/run/app.sock"),
            ("[::1]:3000", "[::1]:3000"),
            ("http://[2001:db8::1]/", "[2001:db8::1]:80"),
            ("h2c://10.0.0.1:50051", "10.0.0.1:50051"),
            ("app:3000,", "app:3000"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [
            "",
            "backend",
            "$backend",
            "http://$host",
            "a b:80",
            "127.0.0.1:0",
            "127.0.0.1:99999",
            "/",
            "unix:",
            ":8080",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
