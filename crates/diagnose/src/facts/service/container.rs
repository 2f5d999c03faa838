//! Containers that publish the port, and what listens in them.

use portreeve_inventory::containers::Published;

/// A container that is to be reached by the port.
#[derive(Clone, Debug)]
pub struct Publisher {
    /// What Docker keeps of it.
    pub container: Published,
    /// What listens in it on the port that is published; none where its namespace could not be entered or there is none.
    pub inside: Option<Inside>,
}

/// The listeners in a container's network namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// Addresses that something listens on, on the published port: `0.0.0.0`, `127.0.0.1`.
    pub addresses: Vec<std::net::IpAddr>,
    /// Other addresses and ports, with who listens there: `127.0.0.1:3000 node (pid 812)`.
    pub others: Vec<String>,
}

impl Inside {
    /// Whether connections from outside the container are taken.
    pub fn is_reachable(&self) -> bool {
        self.addresses.iter().any(|address| !address.is_loopback())
    }
}
