//! The one-packet simulator as an oracle: the first packet, its reply, and whoever listens where it arrives.

use std::collections::BTreeMap;
use std::net::IpAddr;

use portreeve_firewall::ir::Ruleset;
use portreeve_firewall::network::Network;
use portreeve_firewall::packet::{self, Question};
use portreeve_firewall::read::{Firewall, Programs, live};
use portreeve_firewall::simulate::{Decision, End, Options, Simulation, Simulator};
use portreeve_linux::namespace::NetworkNamespace;

use crate::client::Row;
use crate::links::addresses;
use crate::listening::Listening;
use crate::oracle::Oracle;
use crate::scene::Scene;
use crate::verdict::{Opinion, Verdict};

/// The server's rules, as they were read.
pub(crate) struct Read {
    firewall: Firewall,
    ruleset: Ruleset,
}

impl Read {
    /// Reads the server. Fails where something is not seen or not understood.
    pub(crate) fn of(scene: &Scene<'_>) -> Self {
        let server = NetworkNamespace::at(&scene.site.server.netns_path()).unwrap();
        let firewall = server.within(|| live::read(&Programs::default())).unwrap();
        assert_eq!(firewall.unseen, [], "all is read");
        let (ruleset, errors) = firewall.ruleset();
        assert_eq!(errors, [], "all is understood");
        assert_eq!(ruleset.unread, [], "all is understood");
        Self { firewall, ruleset }
    }
}

/// The simulator, and who listens in which place.
pub(crate) struct Simulated<'a> {
    pub(crate) simulator: Simulator<'a>,
    network: &'a Network,
    places: Vec<Listening>,
    /// Place of each address.
    owners: BTreeMap<IpAddr, usize>,
    /// The server's devices and their addresses.
    devices: Vec<(String, IpAddr)>,
}

impl<'a> Simulated<'a> {
    pub(crate) fn new(scene: &Scene<'_>, read: &'a Read) -> Self {
        let places = scene.places.iter().map(|place| Listening::of(scene.site, place)).collect();
        Self {
            simulator: Simulator::new(&read.ruleset, &read.firewall.network),
            network: &read.firewall.network,
            places,
            owners: scene.owners(),
            devices: addresses(scene.site, &scene.places[Scene::SERVER]),
        }
    }

    fn ask(&self, question: &Question) -> Simulation {
        let options = Options::default();
        self.simulator.run(question, &options).unwrap_or_else(|error| panic!("{question:?}: {error}"))
    }

    /// The device that the server's own packets to one of its addresses count as having come in by (`ip_route_output_key_hash_rcu`
    /// in `net/ipv4/route.c`): the one that has the address, although they go by the loopback.
    fn device_of(&self, address: IpAddr) -> Option<&str> {
        self.devices.iter().find(|(_, found)| *found == address).map(|(device, _)| device.as_str())
    }

    /// Index of one of the server's interfaces.
    pub(crate) fn index_of(&self, name: &str) -> u32 {
        let found = self.network.interfaces.iter().find(|interface| interface.name == name);
        found.unwrap_or_else(|| panic!("no interface {name}")).index
    }

    /// Whether somebody listens wherever it arrives.
    fn is_taken(&self, row: &Row, simulation: &Simulation) -> bool {
        simulation.outcomes.iter().all(|outcome| {
            let (address, port) = (outcome.endpoints.destination, outcome.endpoints.destination_port);
            let (Some(address), Some(port)) = (address, port) else { return false };
            self.is_taken_at(row, &outcome.end, address, port)
        })
    }

    /// Whether somebody listens where a client's packets end.
    pub(crate) fn is_taken_at(&self, row: &Row, end: &End, address: IpAddr, port: u16) -> bool {
        let place = match end {
            End::Delivered => Some(Scene::SERVER),
            _ => self.owners.get(&address).copied(),
        };
        let by = row.client.enters.as_deref().or_else(|| self.device_of(row.to));
        place.is_some_and(|place| self.places[place].takes(row.carrier, address, port, by))
    }
}

impl Oracle for Simulated<'_> {
    fn name(&self) -> &'static str {
        "the one-packet simulator"
    }

    fn opinion(&self, row: &Row) -> Opinion {
        let text = row.packet();
        let asked = packet::parse(&text, &|_, _| None).unwrap_or_else(|error| panic!("{text}: {error}"));
        let question = asked.question().cloned().unwrap_or_else(|| panic!("{text}: no place"));
        let first = self.ask(&question);
        let (verdict, decided) = match first.decision() {
            Decision::Deny => (Verdict::Deny, first),
            Decision::Unknown => (depends(&first), first),
            Decision::Allow if !self.is_taken(row, &first) => (Verdict::Deny, first),
            Decision::Allow => {
                let reply = self.ask(&Question { reply: true, ..question });
                match reply.decision() {
                    Decision::Allow => (Verdict::Allow, first),
                    Decision::Deny => (Verdict::Deny, reply),
                    Decision::Unknown => (depends(&reply), reply),
                }
            }
        };
        let ends: Vec<String> = decided.outcomes.iter().map(|outcome| format!("{:?}", outcome.end)).collect();
        Opinion { verdict, because: ends.join("; ") }
    }
}

fn depends(simulation: &Simulation) -> Verdict {
    Verdict::Depends(simulation.causes.iter().map(|cause| cause.text.clone()).collect())
}
