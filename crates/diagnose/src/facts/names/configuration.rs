//! How this host looks names up: its files.

use std::net::{IpAddr, SocketAddr};

/// A line of `/etc/hosts` that has the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostsEntry {
    /// Number of the line, from 1.
    pub line: usize,
    /// Its address.
    pub address: IpAddr,
    /// The line.
    pub text: String,
}

/// The line `hosts:` of `/etc/nsswitch.conf`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceOrder {
    /// The line, where there is one.
    pub text: Option<String>,
    /// Sources in order: `files`, `dns`, `resolve`, `mdns4_minimal`, ...
    pub sources: Vec<String>,
}

impl SourceOrder {
    /// Whether the hosts file is asked before name servers.
    pub fn files_first(&self) -> bool {
        let place =
            |wanted: &[&str]| self.sources.iter().position(|source| wanted.contains(&source.as_str()));
        match (place(&["files"]), place(&["dns", "resolve"])) {
            (Some(files), Some(dns)) => files < dns,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// Sources of which neither the hosts file nor the name servers of `/etc/resolv.conf` tell what they say.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(String::as_str).filter(|source| !matches!(*source, "files" | "dns"))
    }
}

/// What `/etc/resolv.conf` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolverConfiguration {
    /// Why it could not be read.
    pub error: Option<String>,
    /// Name servers in order, with port 53.
    pub servers: Vec<SocketAddr>,
    /// Lines `nameserver` that name no address.
    pub malformed: Vec<String>,
    /// Domains that are appended to short names.
    pub search: Vec<String>,
    /// A name with so many dots is asked for as it is first.
    pub ndots: usize,
    /// Seconds until the next server is asked.
    pub timeout: u32,
    /// Rounds through the servers.
    pub attempts: u32,
}

/// The C library asks no more servers than these (`MAXNS`, man 5 resolv.conf).
pub const MOST_SERVERS: usize = 3;

impl Default for ResolverConfiguration {
    fn default() -> Self {
        Self {
            error: None,
            servers: Vec::new(),
            malformed: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            timeout: 5,
            attempts: 2,
        }
    }
}

impl ResolverConfiguration {
    /// The names that are asked for in turn (man 5 resolv.conf: `search`, `ndots`).
    pub fn candidates(&self, name: &str) -> Vec<String> {
        let bare = name.strip_suffix('.');
        let Some(name) = bare.is_none().then_some(name) else {
            return bare.map(str::to_owned).into_iter().collect();
        };
        let expanded = self.search.iter().map(|domain| format!("{name}.{domain}"));
        let itself = std::iter::once(name.to_owned());
        if name.matches('.').count() >= self.ndots {
            itself.chain(expanded).collect()
        } else {
            expanded.chain(itself).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_expanded_first_and_a_long_one_last() {
        let resolver = ResolverConfiguration {
            search: vec!["a.example".into(), "b.example".into()],
            ..Default::default()
        };
        assert_eq!(resolver.candidates("db"), ["db.a.example", "db.b.example", "db"]);
        assert_eq!(resolver.candidates("db.x"), ["db.x", "db.x.a.example", "db.x.b.example"]);
        assert_eq!(resolver.candidates("db."), ["db"]);
        assert_eq!(ResolverConfiguration { ndots: 2, ..resolver }.candidates("db.x").last().unwrap(), "db.x");
    }

    #[test]
    fn files_come_first_only_where_they_do() {
        let order = |sources: &[&str]| SourceOrder {
            text: None,
            sources: sources.iter().map(|source| (*source).to_owned()).collect(),
        };
        assert!(order(&["files", "dns"]).files_first());
        assert!(!order(&["dns", "files"]).files_first());
        assert!(order(&["files", "mdns4_minimal", "dns"]).files_first());
        assert_eq!(order(&["files", "resolve", "dns"]).others().collect::<Vec<_>>(), ["resolve"]);
    }
}
