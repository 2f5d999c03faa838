//! Who tries, and at which addresses.

use std::net::IpAddr;

use portreeve_lab::attempt::{Attempt, Carrier};

/// An address in a place, and how its packets meet the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    /// Index of its place in the scene.
    pub(crate) place: usize,
    pub(crate) address: IpAddr,
    /// The server's interface that its packets come in by; none for the server itself.
    pub(crate) enters: Option<String>,
}

/// An address at which servers are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) address: IpAddr,
    /// Only packets by this interface can ask for it (link-local addresses).
    pub(crate) on: Option<String>,
    /// It is of a host behind the server, which asks for it from this address of its own.
    pub(crate) behind: Option<IpAddr>,
}

/// One thing that is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) client: Client,
    pub(crate) to: IpAddr,
    pub(crate) carrier: Carrier,
    pub(crate) port: u16,
    /// The client's own port: rules may ask for it, if only in the answer.
    pub(crate) client_port: u16,
}

impl Row {
    /// Whether such a client would be so foolish.
    pub(crate) fn makes_sense(client: &Client, target: &Target) -> bool {
        let own = client.enters.is_none();
        let (from, to) = (client.address, target.address);
        from.is_ipv4() == to.is_ipv4()
            // A host asks for its own addresses from the very same, unless told otherwise.
            && (!own || from == target.behind.unwrap_or(to))
            && (own || from != to)
            && (own || !to.is_loopback())
            // Link-local addresses are not routed.
            && (target.on.is_none() || (target.on == client.enters && is_link_local(from)))
            && (!is_link_local(from) || target.on.is_some())
    }

    /// What the client does.
    pub(crate) fn attempt(&self) -> Attempt {
        Attempt {
            carrier: self.carrier,
            from: self.client.address,
            from_port: Some(self.client_port),
            to: self.to,
            port: self.port,
            device: is_link_local(self.client.address).then(|| "eth0".to_owned()),
        }
    }

    /// The packet in the words of `portreeve reach --packet`.
    pub(crate) fn packet(&self) -> String {
        let Self { client, to, carrier, port, client_port } = self;
        let carrier = carrier_word(*carrier);
        let place = client.enters.as_ref().map_or("out".to_owned(), |interface| format!("iif {interface}"));
        format!("from {} to {to} {carrier} sport {client_port} dport {port} {place}", client.address)
    }
}

pub(crate) fn carrier_word(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Tcp => "tcp",
        Carrier::Udp => "udp",
    }
}

pub(crate) fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

/// A TCP port.
pub(crate) fn tcp(port: u16) -> (Carrier, u16) {
    (Carrier::Tcp, port)
}

/// A UDP port.
pub(crate) fn udp(port: u16) -> (Carrier, u16) {
    (Carrier::Udp, port)
}
