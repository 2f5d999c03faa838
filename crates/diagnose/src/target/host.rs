//! The host of a target: an address, with the interface of a link-local one, or a name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::error::Mistake;

/// Who is meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// This host: `*`, `0.0.0.0` and `[::]`, as `ss` prints sockets that are bound to every address.
    Any,
    /// An address, and the interface of a link-local one.
    Address(IpAddr, Option<String>),
    /// A name in the form in which it is looked up (RFC 5891: `xn--...` for what is not ASCII).
    Name(String),
}

impl Host {
    /// A host that is written as one: no port after it.
    pub(super) fn parse(text: &str, at: usize) -> Result<Self, Mistake> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if text.contains(':') || text.contains('%') {
            return with_zone(text, at);
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::of(IpAddr::V4(address), None));
        }
        if looks_like_v4(text) {
            return Err(Mistake::new(
                at,
                format!("`{text}` is no IPv4 address"),
                "four numbers from 0 to 255 are one, without leading zeros: `192.0.2.10`",
            ));
        }
        name(text, at)
    }

    /// An IPv6 address as it stands between brackets.
    pub(super) fn parse_bracketed(text: &str, at: usize) -> Result<Self, Mistake> {
        with_zone(text, at)
    }

    fn of(address: IpAddr, zone: Option<String>) -> Self {
        let address = address.to_canonical();
        if address.is_unspecified() { Self::Any } else { Self::Address(address, zone) }
    }
}

/// `fe80::1%eth0`; `%25` for the percent sign as URLs have it (RFC 6874).
fn with_zone(text: &str, at: usize) -> Result<Host, Mistake> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => {
            let quoted = zone.strip_prefix("25").filter(|rest| !rest.is_empty());
            (address, Some((quoted.unwrap_or(zone), at + address.len() + 1)))
        }
        None => (text, None),
    };
    let Ok(address) = address.parse::<Ipv6Addr>() else {
        return Err(Mistake::new(
            at,
            format!("`{address}` is no IPv6 address"),
            "write an address like `2001:db8::1`, and one with a port in brackets: `[2001:db8::1]:443`",
        ));
    };
    let Some((zone, place)) = zone else { return Ok(Host::of(IpAddr::V6(address), None)) };
    // IFNAMSIZ is 16 with the NUL; `/` and white space are in no interface's name (dev_valid_name).
    let valid = !zone.is_empty()
        && zone.len() < 16
        && !zone.contains(|c: char| c == '/' || c == ':' || c.is_whitespace());
    if !valid {
        return Err(Mistake::new(
            place,
            format!("`{zone}` is no interface"),
            "after `%` stands the name of the interface that the address is reached by: `fe80::1%eth0`",
        ));
    }
    if !address.is_unicast_link_local() {
        return Err(Mistake::new(
            place - 1,
            format!("only a link-local address (fe80::/10) has an interface, and {address} is none"),
            format!("write `{address}` without `%{zone}`"),
        ));
    }
    Ok(Host::of(IpAddr::V6(address), Some(zone.to_owned())))
}

/// Whether a text ends with a number, as no name does (RFC 3696 section 2) and as URLs have it (WHATWG, "ends in a number").
fn looks_like_v4(text: &str) -> bool {
    let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
}

fn name(text: &str, at: usize) -> Result<Host, Mistake> {
    if text.trim_matches('.').is_empty() {
        return Err(Mistake::new(
            at,
            "a name or an address is missing",
            "write `example.com`, `192.0.2.10` or a port alone: `443`",
        ));
    }
    if let Some((place, wrong)) = text.char_indices().find(|(_, c)| !can_be_in_a_name(*c)) {
        return Err(Mistake::new(
            at + place,
            format!("`{}` is in no host name", wrong.escape_default()),
            "letters, digits, `-` and `.` are in a name: `www.example.com`",
        ));
    }
    match url::Host::parse(text) {
        Ok(url::Host::Domain(name)) => Ok(Host::Name(name)),
        // Numbers in full-width digits and the like come out as an address.
        Ok(url::Host::Ipv4(address)) => Ok(Host::of(IpAddr::V4(address), None)),
        Ok(url::Host::Ipv6(address)) => Ok(Host::of(IpAddr::V6(address), None)),
        Err(_) => Err(Mistake::new(
            at,
            format!("`{text}` is no name that can be looked up"),
            "a name that is not ASCII has to be valid by IDNA (RFC 5891); `www.example.com` is a plain one",
        )),
    }
}

fn can_be_in_a_name(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') } else { !c.is_whitespace() }
}
