//! The reading of a target.

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use portreeve_model::Protocol;
use portreeve_model::why::Target;

use super::application::{Scheme, scheme, usual};
use super::error::Mistake;
use super::host::Host;
use super::{Services, TargetError};

/// The port of a target that names none: what most people ask about.
const USUAL_PORT: u16 = 443;

/// What is meant by the shapes of a target, for help.
const SHAPES: &str = "targets: `443`, `443/udp`, `https`, `192.0.2.10:443`, `[2001:db8::1]:443`, `example.com:8443`, \
                      `https://example.com/path`";

/// Understands a target: `443`, `443/udp`, `https`, `192.0.2.10:443`, `[2001:db8::1]:443`, `fe80::1%eth0`, `example.com`,
/// `example.com:8443`, `https://example.com/path`, and `/udp` or `/tcp` after any that has no path.
///
/// # Errors
/// The place and the remedy of what is not understood.
pub fn parse(text: &str, services: Services<'_>) -> Result<Target, TargetError> {
    let trimmed = text.trim();
    let at = text.len() - text.trim_start().len();
    let read = match trimmed.split_once("://") {
        _ if trimmed.is_empty() => Err(Mistake::new(0, "the target is empty", SHAPES)),
        Some((scheme, rest)) => url(scheme, rest, at, services),
        None => plain(trimmed, at, services),
    };
    match read {
        Ok(read) => Ok(read.target(trimmed)),
        Err(mistake) => Err(mistake.within(text)),
    }
}

/// A target in parts.
struct Read {
    host: Host,
    port: u16,
    protocol: Protocol,
    scheme: Option<&'static Scheme>,
    path: String,
    /// As it was written, without a password.
    shown: Option<String>,
}

impl Read {
    fn target(self, text: &str) -> Target {
        let application = self.scheme.and_then(|scheme| scheme.application);
        let (name, address, zone) = match self.host {
            Host::Any => (None, None, None),
            Host::Address(address, zone) => (None, Some(address), zone),
            Host::Name(name) => (Some(name), None, None),
        };
        Target {
            text: self.shown.unwrap_or_else(|| text.to_owned()),
            name,
            address,
            zone,
            port: self.port,
            protocol: self.protocol,
            application: application.unwrap_or_else(|| usual(self.port, self.protocol)),
            path: self.path,
        }
    }
}

/// Everything that is no URL.
fn plain(text: &str, at: usize, services: Services<'_>) -> Result<Read, Mistake> {
    if let Some(gap) = text.find(char::is_whitespace) {
        return Err(Mistake::new(
            at + gap,
            "one target was expected, and here are several words",
            "host and port are joined by a colon: `example.com:443`",
        ));
    }
    let (place, protocol) = suffix(text, at)?;
    let transport = protocol.unwrap_or(Protocol::Tcp);
    let read = |host, port| Read {
        host,
        port,
        protocol: transport,
        scheme: None,
        path: "/".to_owned(),
        shown: None,
    };
    if place.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(read(Host::Any, port_number(place, at)?));
    }
    // A bare word is a service before it is a host; a service of the other transport is none that was asked for.
    if is_word(place) {
        if let Some(port) = services(place, transport) {
            return Ok(read(Host::Any, port));
        }
        if protocol.is_some() && services(place, other(transport)).is_some() {
            let (asked, there) = (transport.name(), other(transport).name());
            return Err(Mistake::new(
                at,
                format!("there is no service `{place}` over {asked}"),
                format!(
                    "it is one over {there}: `{place}/{there}`; or name the port by its number: `443/{asked}`"
                ),
            ));
        }
    }
    let (host, port) = host_and_port(place, at, |text, at| port_of(text, at, transport, services))?;
    Ok(read(host, port.unwrap_or(USUAL_PORT)))
}

/// `/tcp` or `/udp` at the end, in any case.
fn suffix(text: &str, at: usize) -> Result<(&str, Option<Protocol>), Mistake> {
    let Some((place, suffix)) = text.split_once('/') else { return Ok((text, None)) };
    let protocol = match suffix.to_ascii_lowercase().as_str() {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "sctp" | "dccp" | "udplite" | "mptcp" => {
            return Err(Mistake::new(
                at + place.len() + 1,
                format!("`{suffix}` is not diagnosed"),
                "write `/tcp` or `/udp`",
            ));
        }
        _ if is_word(place) || place.bytes().all(|byte| byte.is_ascii_digit()) => {
            return Err(Mistake::new(
                at + place.len() + 1,
                format!("`{suffix}` is no transport protocol"),
                "write `/tcp` or `/udp`",
            ));
        }
        _ => {
            return Err(Mistake::new(
                at + place.len(),
                "a path is read in a URL only",
                format!("write the scheme, too: `https://{text}`"),
            ));
        }
    };
    Ok((place, Some(protocol)))
}

/// `scheme://host:port/path?query#fragment`.
fn url(name: &str, rest: &str, at: usize, services: Services<'_>) -> Result<Read, Mistake> {
    let after = at + name.len() + "://".len();
    let known = scheme(name);
    let protocol = known.map_or(Protocol::Tcp, |scheme| scheme.protocol);
    let usual_port = known.and_then(|scheme| scheme.port).or_else(|| services(name, protocol));
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, beyond) = rest.split_at(end);
    let (user, place) =
        authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user), place));
    let place_at = after + authority.len() - place.len();
    if place.is_empty() || place.starts_with(':') {
        return Err(Mistake::new(place_at, "the URL names no host", "write one: `https://example.com/`"));
    }
    let (host, port) = host_and_port(place, place_at, |text, at| port_of(text, at, protocol, services))?;
    let Some(port) = port.or(usual_port) else {
        let (message, help) = match known {
            Some(_) => {
                (format!("`{name}` does not tell the port"), format!("write it: `{name}://{place}:443`"))
            }
            None => (
                format!("`{name}` is no service that has a port"),
                format!("write the port: `{name}://{place}:443`"),
            ),
        };
        let place = if known.is_some() { place_at + place.len() } else { at };
        return Err(Mistake::new(place, message, help));
    };
    Ok(Read {
        host,
        port,
        protocol,
        scheme: known,
        path: path(beyond),
        // Whoever reads the document need not know the password.
        shown: user.map(|_| format!("{name}://{place}{beyond}")),
    })
}

/// What is asked for over HTTP: without the fragment, which stays with the client (RFC 9110 section 7.1), and with nothing in it that ends
/// the line of a request.
fn path(beyond: &str) -> String {
    let asked = beyond.split('#').next().unwrap_or_default();
    let mut path = String::with_capacity(asked.len() + 1);
    if !asked.starts_with('/') {
        path.push('/');
    }
    for c in asked.strip_prefix('\\').unwrap_or(asked).chars() {
        if c.is_ascii_graphic() {
            path.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                path.push('%');
                path.extend(
                    [byte >> 4, byte & 15].map(|four| {
                        char::from_digit(u32::from(four), 16).unwrap_or('0').to_ascii_uppercase()
                    }),
                );
            }
        }
    }
    path
}

/// `host`, `host:port`, `[address]`, `[address]:port`, `address`, `:port`.
fn host_and_port(
    text: &str,
    at: usize,
    port: impl Fn(&str, usize) -> Result<u16, Mistake>,
) -> Result<(Host, Option<u16>), Mistake> {
    if let Some(inner) = text.strip_prefix('[') {
        let Some((address, rest)) = inner.split_once(']') else {
            return Err(Mistake::new(
                at + text.len(),
                "the closing bracket is missing",
                "write `[2001:db8::1]:443`",
            ));
        };
        let host = Host::parse_bracketed(address, at + 1)?;
        let rest_at = at + address.len() + 2;
        return match rest.strip_prefix(':') {
            Some(number) => Ok((host, Some(port(number, rest_at + 1)?))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(Mistake::new(
                rest_at,
                format!("after the bracket stands `{rest}`"),
                "a colon and the port follow it: `[2001:db8::1]:443`",
            )),
        };
    }
    // More than one colon: an IPv6 address without a port, as bare addresses have none.
    if text.matches(':').count() > 1 {
        return Ok((bare_v6(text, at)?, None));
    }
    match text.split_once(':') {
        Some(("", number)) => Ok((Host::Any, Some(port(number, at + 1)?))),
        Some((host, number)) => {
            let port = port(number, at + host.len() + 1)?;
            Ok((Host::parse(host, at)?, Some(port)))
        }
        None => Ok((Host::parse(text, at)?, None)),
    }
}

fn bare_v6(text: &str, at: usize) -> Result<Host, Mistake> {
    // `:::443` is how older tools print every address of IPv6.
    Host::parse(text, at).map_err(|mistake| match text.rsplit_once(':') {
        Some((address, port)) if address.parse::<IpAddr>().is_ok() && port.parse::<u16>().is_ok() => {
            Mistake::new(
                at,
                "an IPv6 address with a port needs brackets",
                format!("write `[{address}]:{port}`"),
            )
        }
        _ => mistake,
    })
}

/// A port by its number or by the name of its service.
fn port_of(text: &str, at: usize, protocol: Protocol, services: Services<'_>) -> Result<u16, Mistake> {
    if text.is_empty() {
        return Err(Mistake::new(at, "the port is missing", "write its number after the colon, or no colon"));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return port_number(text, at);
    }
    services(text, protocol).ok_or_else(|| {
        Mistake::new(
            at,
            format!("there is no service `{text}` over {}", protocol.name()),
            "write the number of the port: `example.com:443`",
        )
    })
}

fn port_number(digits: &str, at: usize) -> Result<u16, Mistake> {
    match digits.parse::<u16>() {
        Ok(0) => Err(Mistake::new(at, "nothing can be reached at port 0", "ports are from 1 to 65535")),
        Ok(port) => Ok(port),
        Err(_) => Err(Mistake::new(at, format!("`{digits}` is no port"), "ports are from 1 to 65535")),
    }
}

/// Whether a text has the shape of a service's name (RFC 6335 section 5.1).
fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn other(protocol: Protocol) -> Protocol {
    if protocol == Protocol::Udp { Protocol::Tcp } else { Protocol::Udp }
}
