//! The host around the port.

use std::net::{IpAddr, SocketAddr};

use portreeve_firewall::ir::Ruleset;
use portreeve_firewall::network::limits::Limit;
use portreeve_firewall::network::{Interface, Network};
use portreeve_model::why::Client;
use portreeve_model::{Unseen, UnseenSubject};

use super::{Flow, Neighbour, Onward, Purpose};

/// The host around the port, and the ways there and back.
#[derive(Debug, Default)]
pub struct PathFacts {
    /// Interfaces, addresses, routes, sysctls.
    pub network: Network,
    /// Every rule of every packet filter.
    pub ruleset: Option<Ruleset>,
    /// What sees packets beside the rules and is not simulated.
    pub limits: Vec<Limit>,
    /// Clients that were supposed.
    pub clients: Vec<Client>,
    /// Connections of these clients, simulated.
    pub flows: Vec<Flow>,
    /// Neighbours on every link.
    pub neighbours: Vec<Neighbour>,
    /// Where rules send what was meant for the endpoints.
    pub onward: Vec<Onward>,
    /// Counters of IP before and after the trials.
    pub counters: Option<(IpCounters, IpCounters)>,
    /// Rules that count packets, and how many they counted while it was looked: chain and position as
    /// `family table chain position`.
    pub counted: Vec<(String, u64)>,
    /// What was not seen of all that.
    pub unseen: Vec<Unseen>,
}

/// Counters of packets that routing threw away (`/proc/net/snmp`, `/proc/net/netstat`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IpCounters {
    /// `IPReversePathFilter`: sources that failed source validation.
    pub reverse_path_filter: i128,
    /// `OutNoRoutes`: nothing could be sent, for lack of a route.
    pub out_no_routes: i128,
    /// `InAddrErrors`: destinations that are nobody's here.
    pub in_addr_errors: i128,
}

impl PathFacts {
    /// The name of the interface that has the address; `lo` for all of 127.0.0.0/8.
    pub fn interface_of(&self, address: IpAddr) -> Option<String> {
        if address.is_loopback() {
            return Some("lo".to_owned());
        }
        let held = self.network.addresses.iter().find(|one| one.address == address)?;
        self.network.interface(held.interface).map(|interface| interface.name.clone())
    }

    /// An interface by its name: its state (up, carrier) and MTU.
    pub fn interface(&self, name: &str) -> Option<&Interface> {
        self.network.interface_named(name)
    }

    /// The connections that were simulated to an endpoint and are what was asked about.
    pub fn asked(&self, endpoint: SocketAddr) -> impl Iterator<Item = &Flow> + '_ {
        self.flows.iter().filter(move |flow| flow.endpoint == endpoint && flow.purpose == Purpose::Asked)
    }

    /// Where rules send what others address to an endpoint: a container, another port, another host.
    pub fn translated(&self, endpoint: SocketAddr) -> Option<SocketAddr> {
        self.flows.iter().filter(|flow| flow.endpoint == endpoint).find_map(Flow::translated)
    }

    /// Whether something answers where rules send it.
    pub fn onward(&self, address: SocketAddr) -> Option<&Onward> {
        self.onward.iter().find(|onward| onward.address == address)
    }

    /// What is known of a neighbour.
    pub fn neighbour(&self, interface: &str, address: IpAddr) -> Option<&Neighbour> {
        self.neighbours.iter().find(|one| one.interface == interface && one.address == address)
    }

    /// What keeps the rules from being known, where something does.
    pub fn missing_rules(&self) -> Option<&Unseen> {
        self.unseen.iter().find(|one| one.subject == UnseenSubject::FirewallRules && one.is_incomplete())
    }

    /// What keeps routes and interfaces from being known, where something does.
    pub fn missing_network(&self) -> Option<&Unseen> {
        self.unseen.iter().find(|one| one.subject == UnseenSubject::NetworkState && one.is_incomplete())
    }
}
