//! One target as it is written: a URL, a name or an address with ports, a network.

use std::net::IpAddr;

use portreeve_diagnose::target::{self, Services};
use portreeve_model::Protocol;
use portreeve_model::why::Application;

use crate::engine::{TlsHost, TlsTarget};
use crate::prefix::address_and_length;

/// More hosts than this are not one network to be looked at, but a slip of the pen: a /16, and as many addresses of IPv6.
const MOST_BITS: u8 = 16;
/// What is asked of a target that names no port.
const USUAL_PORT: &str = "443";
/// What a target looks like, for help.
const SHAPES: &str = "name a host or an address, with a colon before the port, or a URL: `example.com:443`, `[2001:db8::1]:443`, \
                      `https://example.com/`";

/// Why a target is not understood, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) message: String,
    /// Byte offset in the text.
    pub(super) offset: usize,
    pub(super) help: String,
}

impl Mistake {
    fn new(offset: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), offset, help: help.into() }
    }
}

/// The targets that a text means: one for each port that it names.
pub(super) fn parse(text: &str, services: Services<'_>) -> Result<Vec<TlsTarget>, Mistake> {
    if text.trim().is_empty() {
        let help = "name a host, an address or a URL: `example.com`, `192.0.2.10:8443`";
        return Err(Mistake::new(0, "there is nothing in it", help));
    }
    if text.contains("://") {
        return Ok(vec![url(text, services)?]);
    }
    let bare = text.bytes().all(|byte| byte.is_ascii_digit());
    let (host, ports) = if bare { ("", vec![(0, text)]) } else { split(text) };
    let network = network(host)?;
    if let (None, Some((place, rest)), [(at, _)]) = (network, host.split_once('/'), ports.as_slice())
        && *at == text.len()
        && is_no_place(place, rest)
    {
        return Err(Mistake::new(0, format!("`{}` is no target", text.trim()), SHAPES));
    }
    let several = ports.len() > 1;
    ports
        .into_iter()
        .map(|(at, port)| {
            let port_at = host.len() + 1;
            let within = |offset: usize| {
                if offset < port_at { offset } else { (offset - port_at + at).min(text.len()) }
            };
            let told = if several { format!("{host}:{port}") } else { text.to_owned() };
            // Of a network only the port is left to be read.
            let place = if network.is_some() { "[::1]" } else { host };
            let shift = place.len().abs_diff(host.len());
            // An address of IPv6 without brackets has no port, which is the usual one then.
            let bare = place.matches(':').count() > 1 && !place.starts_with('[');
            // What is wrong with a slash in it is told of what was written, not of what was put behind it.
            let unnamed = at == text.len() && network.is_none() && place.contains('/');
            let written = if bare || unnamed { place.to_owned() } else { format!("{place}:{port}") };
            let read = target::parse(&written, services).map_err(|error| Mistake {
                offset: within(if network.is_some() { error.offset + shift } else { error.offset }),
                message: error.message,
                help: error.help,
            })?;
            if read.protocol != Protocol::Tcp {
                let slash = port.find('/').map(|at| port_at + at).or_else(|| host.find('/'));
                let at = within(slash.unwrap_or(port_at));
                return Err(Mistake::new(
                    at,
                    "TLS over UDP is not audited",
                    "leave the transport out: `example.com:443`",
                ));
            }
            let host = network.map_or_else(|| who(&read), |(address, bits)| TlsHost::Network(address, bits));
            Ok(TlsTarget { text: told, host, port: read.port })
        })
        .collect()
}

/// Whether a word and what is behind its slash are neither a host with a path nor a port with its transport: `udp/443`.
fn is_no_place(place: &str, rest: &str) -> bool {
    let is_transport = ["tcp", "udp"].iter().any(|name| rest.eq_ignore_ascii_case(name));
    !is_transport && !place.contains(['.', ':', '[']) && !place.chars().any(char::is_whitespace)
}

fn url(text: &str, services: Services<'_>) -> Result<TlsTarget, Mistake> {
    let read = target::parse(text, services).map_err(|error| Mistake {
        offset: error.offset,
        message: error.message,
        help: error.help,
    })?;
    let scheme = text.split("://").next().unwrap_or_default().trim();
    // A URL that names the port means it: `tcp://host:8443`.
    let plain = match read.application {
        Application::Https | Application::Tls => false,
        Application::Http => true,
        _ => !scheme.eq_ignore_ascii_case("tcp"),
    };
    if plain || read.protocol != Protocol::Tcp {
        let message = if read.protocol == Protocol::Tcp {
            format!("`{scheme}` is not spoken over TLS")
        } else {
            format!("`{scheme}` is not spoken over TCP")
        };
        return Err(Mistake::new(
            0,
            message,
            "name the port where TLS is spoken: `https://example.com`, `example.com:8443`",
        ));
    }
    Ok(TlsTarget { text: read.text.clone(), host: who(&read), port: read.port })
}

fn who(read: &portreeve_model::why::Target) -> TlsHost {
    match (&read.name, read.address) {
        (Some(name), _) => TlsHost::Name(name.clone()),
        (None, Some(address)) => TlsHost::Address(address, read.zone.clone()),
        // A port alone is one of this host.
        (None, None) => TlsHost::Name("localhost".to_owned()),
    }
}

/// The host, and each port with its place; the usual one where none is named.
fn split(text: &str) -> (&str, Vec<(usize, &str)>) {
    let closed = text.rfind(']').map_or(0, |at| at + 1);
    let tail = text.get(closed..).unwrap_or_default();
    let colons = tail.matches(':').count();
    // Without brackets, several colons are an address of IPv6 without a port.
    let colon = if colons == 1 { tail.find(':') } else { None };
    let Some(colon) = colon.map(|at| closed + at) else {
        return (text, vec![(text.len(), USUAL_PORT)]);
    };
    let (host, ports) = (text.get(..colon).unwrap_or_default(), text.get(colon + 1..).unwrap_or_default());
    let mut at = colon + 1;
    let ports = ports.split(',').map(|port| {
        let place = at;
        at += port.len() + 1;
        (place, port)
    });
    (host, ports.collect())
}

/// `192.0.2.0/24`, `2001:db8::/120`, `[2001:db8::/120]`.
fn network(text: &str) -> Result<Option<(IpAddr, u8)>, Mistake> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let Some((address, _)) = inner.split_once('/') else { return Ok(None) };
    let Ok(address) = address.parse::<IpAddr>() else { return Ok(None) };
    let at = text.find('/').map_or(0, |at| at + 1);
    let Some((_, length)) = address_and_length(inner) else {
        let longest = if address.is_ipv4() { 32 } else { 128 };
        return Err(Mistake::new(
            at,
            "this is no length of a network",
            format!("it is a number from 0 to {longest}: `{address}/{longest}` is one address"),
        ));
    };
    let bits = if address.is_ipv4() { 32 } else { 128 } - length;
    if bits > MOST_BITS {
        let shortest = length + (bits - MOST_BITS);
        return Err(Mistake::new(
            at,
            format!("{address}/{length} has more than {} addresses", 1_u32 << MOST_BITS),
            format!(
                "a /{shortest} is the largest network that is audited; name several smaller ones, or the hosts in a file (-f)"
            ),
        ));
    }
    Ok(Some((first(address, bits), length)))
}

/// The address with its last bits cleared.
fn first(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(u32::from(bits)).unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(u32::from(bits)).unwrap_or(0);
            IpAddr::V6((u128::from(address) & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use portreeve_inventory::services::port_of;
    use proptest::prelude::*;

    use super::{Mistake, parse};
    use crate::engine::TlsHost;

    fn read(text: &str) -> Vec<String> {
        let services = |name: &str, protocol| port_of(name, protocol);
        let targets = parse(text, &services).unwrap_or_else(|mistake| panic!("{text}: {mistake:?}"));
        let one = |target: crate::engine::TlsTarget| {
            let host = match &target.host {
                TlsHost::Name(name) => name.clone(),
                TlsHost::Address(address, None) => address.to_string(),
                TlsHost::Address(address, Some(zone)) => format!("{address}%{zone}"),
                TlsHost::Network(address, length) => format!("{address}/{length} ({})", target.hosts()),
            };
            format!("{host} {}", target.port)
        };
        targets.into_iter().map(one).collect()
    }

    fn wrong(text: &str) -> Mistake {
        parse(text, &|name, protocol| port_of(name, protocol)).expect_err(text)
    }

    #[test]
    fn shapes() {
        for (text, means) in [
            ("example.com", &["example.com 443"][..]),
            ("example.com:8443", &["example.com 8443"]),
            ("example.com:443,8443,imaps", &["example.com 443", "example.com 8443", "example.com 993"]),
            ("https://example.com/path?q#f", &["example.com 443"]),
            ("https://[2001:db8::1]:8443/", &["2001:db8::1 8443"]),
            ("imaps://mail.example.com", &["mail.example.com 993"]),
            ("tcp://example.com:9999", &["example.com 9999"]),
            ("192.0.2.1", &["192.0.2.1 443"]),
            ("192.0.2.1:993", &["192.0.2.1 993"]),
            ("2001:db8::1", &["2001:db8::1 443"]),
            ("[2001:db8::1]", &["2001:db8::1 443"]),
            ("[2001:db8::1]:8443", &["2001:db8::1 8443"]),
            ("fe80::1%eth0", &["fe80::1%eth0 443"]),
            ("192.0.2.77/24", &["192.0.2.0/24 (256) 443"]),
            ("127.0.0.0/30:8443", &["127.0.0.0/30 (4) 8443"]),
            ("127.0.0.0/30:443,8443", &["127.0.0.0/30 (4) 443", "127.0.0.0/30 (4) 8443"]),
            ("2001:db8::7/120", &["2001:db8::/120 (256) 443"]),
            ("[2001:db8::/112]:993", &["2001:db8::/112 (65536) 993"]),
            ("8443", &["localhost 8443"]),
            (":8443", &["localhost 8443"]),
            // A bare word is a host here: lists are lists of hosts.
            ("imaps", &["imaps 443"]),
            ("bücher.example", &["xn--bcher-kva.example 443"]),
        ] {
            assert_eq!(read(text), means, "{text}");
        }
    }

    #[test]
    fn mistakes_have_a_place_and_a_remedy() {
        for (text, offset, message) in [
            ("http://example.com", 0, "`http` is not spoken over TLS"),
            ("example.com:443/udp", 15, "TLS over UDP is not audited"),
            ("quic://example.com", 0, "`quic` is not spoken over TCP"),
            ("example.com:70000", 12, "`70000` is no port"),
            ("example.com:443,0", 16, "nothing can be reached at port 0"),
            ("example.com:443,", 16, "the port is missing"),
            ("10.0.0.0/8", 9, "10.0.0.0/8 has more than 65536 addresses"),
            ("2001:db8::/64", 11, "2001:db8::/64 has more than 65536 addresses"),
            ("192.0.2.0/33", 10, "this is no length of a network"),
            ("192.0.2.0/24:99999", 13, "`99999` is no port"),
            ("192.0.2.300", 0, "`192.0.2.300` is no IPv4 address"),
            ("example.com 443", 11, "one target was expected, and here are several words"),
            ("exa!mple.com", 3, "`!` is in no host name"),
            ("", 0, "there is nothing in it"),
            (" ", 0, "there is nothing in it"),
            ("example.com/path", 11, "a path is read in a URL only"),
            ("udp/443", 0, "`udp/443` is no target"),
            ("443/udp", 3, "TLS over UDP is not audited"),
            ("example.com/udp", 11, "TLS over UDP is not audited"),
        ] {
            let mistake = wrong(text);
            assert_eq!((mistake.offset, &*mistake.message), (offset, message), "{text}");
            assert!(!mistake.help.is_empty(), "{text}");
        }
        // Nothing that was not written is in it.
        assert!(wrong("udp/443").help.contains("`example.com:443`"));
        assert!(wrong("example.com/path").help.ends_with("`https://example.com/path`"));
        assert!(wrong("10.0.0.0/8").help.contains("a /16 is the largest"));
        assert!(wrong("2001:db8::/64").help.contains("a /112 is the largest"));
    }

    proptest! {
        #[test]
        fn any_text_is_survived_and_every_place_is_in_it(text in "[a-z0-9:/\\[\\],.%# é-]{0,40}") {
            match parse(&text, &|name, protocol| port_of(name, protocol)) {
                Ok(targets) => prop_assert!(!targets.is_empty()),
                Err(mistake) => prop_assert!(mistake.offset <= text.len(), "{mistake:?}"),
            }
        }
    }
}
