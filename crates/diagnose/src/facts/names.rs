//! The name and what is said of it: by the hosts file, by each name server, by the other sources of this system.

mod configuration;
mod reply;

use std::net::IpAddr;

pub use configuration::{HostsEntry, MOST_SERVERS, ResolverConfiguration, SourceOrder};
pub use reply::{Outcome as ReplyOutcome, RecordType, Reply, Response};

/// Records, and how they were come by.
#[derive(Clone, Debug, Default)]
pub struct NameFacts {
    /// The name, as it is looked up.
    pub name: String,
    /// Why no name server can be asked for it.
    pub invalid: Option<String>,
    /// The addresses that a client on this host would use, and where each comes from: `record`, `hosts-file` or `name-service`.
    pub addresses: Vec<(IpAddr, &'static str)>,
    /// The lines of the hosts file that have the name.
    pub hosts: Vec<HostsEntry>,
    /// Where this host looks names up, in which order.
    pub order: SourceOrder,
    /// What `/etc/resolv.conf` says.
    pub resolver: ResolverConfiguration,
    /// The names that were asked for, in the order in which a client asks: the search list expands short ones.
    pub candidates: Vec<String>,
    /// What each name server answered for each of them and for each type of record. Empty where nothing may be sent.
    pub replies: Vec<Reply>,
    /// Whether name servers were asked.
    pub asked: bool,
    /// What the system's own look-up says, where it has more sources than files and name servers.
    pub system: Option<SystemAnswer>,
    /// Why this host is taken to serve the name: a line of its server's configuration, its own host name, ...
    pub served_here: Vec<ServedHere>,
}

/// What `getent ahosts` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemAnswer {
    /// Addresses, in order of preference (RFC 6724).
    Addresses(Vec<IpAddr>),
    /// It knows no such name.
    None,
    /// It could not be asked, or did not answer in time.
    Failed(String),
}

/// A reason to believe that this host is meant to serve the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedHere {
    /// `/etc/nginx/sites-enabled/shop: server_name shop.example`.
    pub text: String,
    /// A command that shows it.
    pub reproduce: String,
}

impl NameFacts {
    /// The name servers that were asked, in their order.
    pub fn servers(&self) -> Vec<std::net::SocketAddr> {
        let mut servers: Vec<std::net::SocketAddr> = Vec::new();
        for reply in &self.replies {
            if !servers.contains(&reply.server) {
                servers.push(reply.server);
            }
        }
        servers
    }

    /// The addresses that one server gives, of the first name of the list for which it has any.
    pub fn addresses_by(&self, server: std::net::SocketAddr) -> Vec<IpAddr> {
        let of = |candidate: &String| -> Vec<IpAddr> {
            let replies =
                self.replies.iter().filter(|reply| reply.server == server && reply.question == *candidate);
            replies.flat_map(|reply| reply.addresses().iter().copied()).collect()
        };
        self.candidates.iter().map(of).find(|addresses| !addresses.is_empty()).unwrap_or_default()
    }

    /// The addresses of the hosts file.
    pub fn addresses_in_hosts_file(&self) -> Vec<IpAddr> {
        self.hosts.iter().map(|entry| entry.address).collect()
    }

    /// The addresses of all records that any server gave.
    pub fn addresses_in_records(&self) -> Vec<IpAddr> {
        let mut addresses: Vec<IpAddr> = Vec::new();
        for server in self.servers() {
            for address in self.addresses_by(server) {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
        }
        addresses
    }

    /// Whether clients use the hosts file's addresses.
    pub fn hosts_file_decides(&self) -> bool {
        self.addresses.iter().any(|(_, origin)| *origin == "hosts-file")
    }
}
