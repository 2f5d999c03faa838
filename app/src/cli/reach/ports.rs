//! Ports, sources and addresses: what `reach` without `--packet` is asked.

use std::net::IpAddr;

use portreeve_firewall::network::Prefix;

use super::ReachArguments;
use crate::cli::{PortError, PortQuestion};
use crate::engine::{Detail, Sources};
use crate::error::CommandError;
use crate::excerpt::Excerpt;
use crate::prefix::address_and_length;

/// Zones that every host has, for an error to name.
const ZONES: &str = "a zone (internet, private, link-local, containers, 'this host'), a prefix (10.0.0.0/8), an address or an interface";

impl ReachArguments {
    /// The port asked about.
    ///
    /// # Errors
    /// Where it is none.
    pub fn port(&self) -> Result<Option<PortQuestion>, CommandError> {
        self.port.as_deref().map(port).transpose()
    }

    /// The sources asked about.
    ///
    /// # Errors
    /// Where they are no network and no name.
    pub fn sources(&self) -> Result<Option<Sources>, CommandError> {
        self.from.as_deref().map(sources).transpose()
    }

    /// The address asked about.
    ///
    /// # Errors
    /// Where it is none.
    pub fn destination(&self) -> Result<Option<IpAddr>, CommandError> {
        self.to.as_deref().map(address).transpose()
    }

    /// How much is to be told.
    pub fn detail(&self) -> Detail {
        if self.all_prefixes { Detail::All } else { Detail::Some }
    }
}

fn port(text: &str) -> Result<PortQuestion, CommandError> {
    text.parse().map_err(|error: PortError| {
        let wrong = match &error {
            PortError::Protocol(name) => name.as_str(),
            PortError::Range | PortError::Form => text,
        };
        // An empty protocol is missing at the end.
        let offset = if wrong.is_empty() { text.len() } else { text.find(wrong).unwrap_or(0) };
        CommandError::usage(error.to_string())
            .at(Excerpt::of(text, offset, wrong.len()))
            .hint("such as: portreeve reach 443, portreeve reach 53/udp, portreeve reach https")
    })
}

fn sources(text: &str) -> Result<Sources, CommandError> {
    if let Some((address, length)) = address_and_length(text) {
        return Ok(Sources::Within(Prefix::new(address, length)));
    }
    let wrong = |message: String, offset: usize| {
        Err(CommandError::usage(message)
            .at(Excerpt::of(text, offset, text.len().saturating_sub(offset)))
            .hint(format_args!("--from takes {ZONES}"))
            .hint("such as: portreeve reach --from 10.0.0.0/8"))
    };
    if text.trim().is_empty() {
        return wrong("--from names no sources".to_owned(), 0);
    }
    if let Some((address, length)) = text.split_once('/') {
        let offset = text.len() - length.len();
        return match address.parse::<IpAddr>() {
            Ok(address) => {
                let longest = if address.is_ipv4() { 32 } else { 128 };
                wrong(
                    format!("the length of a prefix of {address} is 0 to {longest}, not `{length}`"),
                    offset,
                )
            }
            Err(_) => wrong(format!("`{address}` is no address"), 0),
        };
    }
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') || text.matches(':').count() > 1 {
        return wrong(format!("`{text}` is no address"), 0);
    }
    Ok(Sources::Named(text.trim().to_owned()))
}

fn address(text: &str) -> Result<IpAddr, CommandError> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| {
        CommandError::usage(format!("`{text}` is no address"))
            .at(Excerpt::of(text, 0, text.len()))
            .hint("--to takes one address, without a port: portreeve reach 443 --to 192.0.2.10")
    })
}

#[cfg(test)]
mod tests {
    use super::{Sources, address, port, sources};
    use crate::render::style::Palette;

    #[test]
    fn sources_are_networks_or_names() {
        for (text, shown) in
            [("10.0.0.0/8", "10.0.0.0/8"), ("192.0.2.7", "192.0.2.7/32"), ("2001:db8::1/64", "2001:db8::/64")]
        {
            assert!(
                matches!(sources(text).unwrap(), Sources::Within(prefix) if prefix.to_string() == shown),
                "{text}"
            );
        }
        for name in ["internet", "this host", "eth0", "br-4f3a", "office", "eth0:1"] {
            assert_eq!(sources(name).unwrap(), Sources::Named(name.to_owned()));
        }
    }

    #[test]
    fn what_is_wrong_is_shown_with_its_place_and_an_example() {
        for (error, place) in [
            (sources("10.0.0.0/33").unwrap_err(), "  10.0.0.0/33\n           ^^\n"),
            (sources("10.0.0/8").unwrap_err(), "  10.0.0/8\n  ^^^^^^^^\n"),
            (sources("10.0.0.300").unwrap_err(), "  10.0.0.300\n  ^^^^^^^^^^\n"),
            (sources("").unwrap_err(), "  \n  ^\n"),
            (address("192.0.2.10:443").unwrap_err(), "  192.0.2.10:443\n  ^^^^^^^^^^^^^^\n"),
            (port("443/tpc").unwrap_err(), "  443/tpc\n      ^^^\n"),
            (port("443/").unwrap_err(), "  443/\n      ^\n"),
            (port("70000").unwrap_err(), "  70000\n  ^^^^^\n"),
        ] {
            let mut out = Vec::new();
            error.report(&mut out, Palette::Plain).unwrap();
            let said = String::from_utf8(out).unwrap();
            assert!(said.contains(place), "{said}");
            assert!(said.contains("portreeve reach"), "an example: {said}");
        }
    }
}
