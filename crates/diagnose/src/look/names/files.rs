//! `/etc/hosts`, `/etc/resolv.conf` and `/etc/nsswitch.conf`.

use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use portreeve_linux::namespace::interface_index;

use crate::facts::{HostsEntry, ResolverConfiguration, SourceOrder};

/// A hosts file that blocks advertisers has a few hundred thousand lines; more than this is none.
const LONGEST: u64 = 64 << 20;
/// The system's resolver ignores what is beyond (`RES_MAXNDOTS`, man 5 resolv.conf).
const MOST_DOTS: usize = 15;
/// Domains of a search list that are used.
const LONGEST_SEARCH: usize = 6;

pub(super) fn hosts(name: &str) -> Vec<HostsEntry> {
    read("/etc/hosts").map(|text| hosts_in(&text, name)).unwrap_or_default()
}

pub(super) fn order() -> SourceOrder {
    order_in(&read("/etc/nsswitch.conf").unwrap_or_default())
}

pub(super) fn resolver() -> ResolverConfiguration {
    match read("/etc/resolv.conf") {
        Ok(text) => resolver_in(&text),
        Err(error) => {
            ResolverConfiguration { error: Some(error.to_string()), ..ResolverConfiguration::default() }
        }
    }
}

fn read(path: &str) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Every line that has the name (man 5 hosts). The C library returns all of them.
fn hosts_in(text: &str, name: &str) -> Vec<HostsEntry> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let lines = text.lines().zip(1..);
    lines
        .filter_map(|(whole, line)| {
            let mut words = whole.split('#').next().unwrap_or_default().split_whitespace();
            let address = words.next()?;
            words.find(|word| word.strip_suffix('.').unwrap_or(word).eq_ignore_ascii_case(name))?;
            let address: IpAddr = address.split('%').next()?.parse().ok()?;
            Some(HostsEntry { line, address: address.to_canonical(), text: whole.trim().to_owned() })
        })
        .collect()
}

/// The last line `hosts:`, without what a source's result leads to.
fn order_in(text: &str) -> SourceOrder {
    let mut lines = text.lines().filter_map(|line| {
        let line = line.split('#').next().unwrap_or_default().trim();
        Some((line, line.strip_prefix("hosts")?.trim_start().strip_prefix(':')?))
    });
    let Some((line, listed)) = lines.next_back() else {
        // Without the file: glibc since 2.34, and musl always.
        return SourceOrder { text: None, sources: vec!["files".to_owned(), "dns".to_owned()] };
    };
    let mut inside = false;
    let mut sources = Vec::new();
    for word in listed.split_whitespace() {
        inside |= word.starts_with('[');
        if !inside {
            sources.push(word.to_owned());
        }
        inside &= !word.ends_with(']');
    }
    SourceOrder { text: Some(line.to_owned()), sources }
}

/// `man 5 resolv.conf`.
fn resolver_in(text: &str) -> ResolverConfiguration {
    let mut resolver = ResolverConfiguration::default();
    for line in text.lines() {
        // Comments begin a line; `#` elsewhere ends it, too, for all resolvers but the oldest.
        let line = line.split(['#', ';']).next().unwrap_or_default();
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => match words.next().map(|word| (word, server(word))) {
                Some((_, Some(server))) if !resolver.servers.contains(&server) => {
                    resolver.servers.push(server);
                }
                Some((_, Some(_))) => {}
                Some((word, None)) => resolver.malformed.push(word.to_owned()),
                None => resolver.malformed.push(line.trim().to_owned()),
            },
            // The last of both counts.
            Some("search" | "domain") => {
                let domains = words.map(|word| word.trim_end_matches('.').to_owned());
                resolver.search = domains.filter(|domain| !domain.is_empty()).take(LONGEST_SEARCH).collect();
            }
            Some("options") => words.for_each(|word| option(&mut resolver, word)),
            _ => {}
        }
    }
    resolver.servers.truncate(crate::facts::MOST_SERVERS);
    resolver
}

fn option(resolver: &mut ResolverConfiguration, word: &str) {
    let Some((name, value)) = word.split_once(':') else { return };
    match (name, value.parse::<u32>()) {
        ("ndots", Ok(value)) => resolver.ndots = usize::try_from(value).unwrap_or(MOST_DOTS).min(MOST_DOTS),
        ("timeout", Ok(value)) => resolver.timeout = value.clamp(1, 30),
        ("attempts", Ok(value)) => resolver.attempts = value.clamp(1, 5),
        _ => {}
    }
}

/// An address; the zone of a link-local one by name or number.
fn server(word: &str) -> Option<SocketAddr> {
    let (address, zone) = word.split_once('%').map_or((word, None), |(address, zone)| (address, Some(zone)));
    match (address.parse::<IpAddr>().ok()?, zone) {
        (IpAddr::V6(address), Some(zone)) => Some(with_zone(address, zone)),
        (address, _) => Some(SocketAddr::new(address, 53)),
    }
}

fn with_zone(address: Ipv6Addr, zone: &str) -> SocketAddr {
    let index = zone.parse().ok().or_else(|| interface_index(zone).ok());
    SocketAddr::V6(SocketAddrV6::new(address, 53, 0, index.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_any_case_and_in_every_line() {
        let text = "127.0.0.1 localhost\n#10.0.0.1 shop.example\n 10.0.0.2\tShop.Example shop # x\n::1 localhost\n\
                    10.0.0.3 other shop.example.\nbroken shop.example\n";
        let found = hosts_in(text, "shop.example");
        let found: Vec<_> = found.iter().map(|entry| (entry.line, entry.address.to_string())).collect();
        assert_eq!(found, [(3, "10.0.0.2".to_owned()), (5, "10.0.0.3".to_owned())]);
        assert_eq!(hosts_in(text, "localhost").len(), 2);
        assert!(hosts_in(text, "x").is_empty());
    }

    #[test]
    fn sources_are_read_without_their_actions() {
        let text =
            "passwd: files\nhosts: mymachines resolve [!UNAVAIL=return  SUCCESS=return] files dns # y\n";
        assert_eq!(order_in(text).sources, ["mymachines", "resolve", "files", "dns"]);
        assert_eq!(order_in("").sources, ["files", "dns"]);
        assert!(order_in("").text.is_none());
    }

    #[test]
    fn servers_search_and_options_are_read() {
        let text = "# generated\ndomain old.example\nnameserver 192.0.2.53\nnameserver 2001:db8::53 ; second\n\
                    nameserver fe80::1%7\nnameserver 192.0.2.99\nnameserver nonsense\nsearch a.example b.example.\n\
                    options ndots:2 timeout:1 attempts:9 rotate\n";
        let resolver = resolver_in(text);
        let servers: Vec<_> = resolver.servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["192.0.2.53:53", "[2001:db8::53]:53", "[fe80::1%7]:53"]);
        assert_eq!(resolver.search, ["a.example", "b.example"]);
        assert_eq!((resolver.ndots, resolver.timeout, resolver.attempts), (2, 1, 5));
        assert_eq!(resolver.malformed, ["nonsense"]);
        assert!(resolver_in("").servers.is_empty());
    }
}
