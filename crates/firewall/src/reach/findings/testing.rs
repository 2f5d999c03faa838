//! Hosts for the tests of findings, built piece by piece. Who reaches a door is asked packet by packet, from one source of each
//! zone: enough where rules treat a zone alike.

use std::net::{IpAddr, SocketAddr};

use portreeve_model::exposure::{
    Coverage, Decision as Deciding, Door, DoorKind, Exposure, FamilyExposure, IpVersion, Part, ZoneExposure,
    zone,
};
use portreeve_model::reach::Verdict;
use portreeve_model::{BoundAddress, Finding, IpCoverage, Listener, NamespaceId, Protocol};

use super::{Rule, Scene, Standing};
use crate::answer::{Names, infer};
use crate::ir::{Backend, Hook, Ruleset, Version, owner};
use crate::network::{Network, Prefix};
use crate::packet::parse;
use crate::read::xtables::{IpSets, read_save};
use crate::read::{Services, nft};
use crate::simulate::{Decision, Effect, End, Options, Simulation, Simulator, Step};

/// `nft -j list ruleset` of a table that denies by default and lets in 22 and 8080.
pub(crate) const NFT_DROP: &str = include_str!("testing/default-drop.json");
/// The same of a table that accepts 8080, before others, and denies nothing.
pub(crate) const NFT_ACCEPT_8080: &str = include_str!("testing/accept-8080.json");

/// What Docker has in `nat` for a container whose port 80 is published as 8080.
pub(crate) const DOCKER_NAT: &str = "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
    :POSTROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n\
    -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n-A DOCKER -i docker0 -j RETURN\n\
    -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n";

const HERE: NamespaceId = NamespaceId(1);

/// A host under construction.
#[derive(Clone)]
pub(crate) struct Host {
    network: Network,
    ruleset: Ruleset,
    doors: Vec<Door>,
    listeners: Option<Vec<Listener>>,
    services: Option<Services>,
}

impl Host {
    /// With public addresses and default routes by `eth0`.
    pub(crate) fn new() -> Self {
        Self::with(&[("eth0", "192.0.2.10", 24), ("eth0", "2001:db8::10", 64)])
    }

    /// With private addresses.
    pub(crate) fn private() -> Self {
        Self::with(&[("eth0", "192.168.1.10", 24), ("eth0", "fd00::10", 64)])
    }

    fn with(addresses: &[(&str, &str, u8)]) -> Self {
        Self {
            network: network(addresses),
            ruleset: Ruleset::default(),
            doors: Vec::new(),
            listeners: Some(Vec::new()),
            services: None,
        }
    }

    /// A second network behind it.
    pub(crate) fn with_lan(mut self) -> Self {
        self.network = network(&[
            ("eth0", "192.0.2.10", 24),
            ("eth0", "2001:db8::10", 64),
            ("lan", "10.1.0.1", 16),
            ("lan", "2001:db8:1::1", 64),
        ]);
        self
    }

    /// Docker's bridge.
    pub(crate) fn with_docker(mut self) -> Self {
        let own = [("eth0", "192.0.2.10", 24), ("eth0", "2001:db8::10", 64), ("docker0", "172.17.0.1", 16)];
        self.network = network(&own);
        self
    }

    pub(crate) fn without_forwarding(mut self) -> Self {
        self.network.sysctls.ipv4.all.forwarding = Some(0);
        if let Some(ipv6) = &mut self.network.sysctls.ipv6 {
            ipv6.all.forwarding = Some(0);
        }
        self
    }

    pub(crate) fn iptables(self, text: &str) -> Self {
        self.xtables(text, Version::V4)
    }

    pub(crate) fn ip6tables(self, text: &str) -> Self {
        self.xtables(text, Version::V6)
    }

    fn xtables(mut self, text: &str, version: Version) -> Self {
        self.ruleset.append(read_save(text, version, Backend::IptablesLegacy, &IpSets::default()).unwrap());
        owner::attribute(&mut self.ruleset);
        self
    }

    pub(crate) fn nft(mut self, json: &str) -> Self {
        self.ruleset.append(nft::read(json.as_bytes(), &mut crate::read::names::Names::default()).unwrap());
        owner::attribute(&mut self.ruleset);
        self
    }

    /// A TCP listener at every address.
    pub(crate) fn listener(self, port: u16, holder: &str) -> Self {
        self.listening_at(&["0.0.0.0", "::"], port, holder)
    }

    pub(crate) fn listening_at(mut self, addresses: &[&str], port: u16, holder: &str) -> Self {
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let bound = |address: &IpAddr| BoundAddress {
            address: *address,
            covers: if address.is_ipv4() { IpCoverage::Ipv4 } else { IpCoverage::Ipv6 },
            interface: None,
        };
        let bound = addresses.iter().map(bound).collect();
        let listener = Listener::new(Protocol::Tcp, port, bound, HERE);
        self.listeners.get_or_insert_default().push(listener);
        self.doors.push(door(port, addresses, DoorKind::Listener, holder));
        self
    }

    pub(crate) fn translated(mut self, port: u16, to: &str) -> Self {
        let to: SocketAddr = to.parse().unwrap();
        let all = if to.is_ipv4() { "0.0.0.0" } else { "::" };
        self.doors.push(door(port, vec![all.parse().unwrap()], DoorKind::Translated { to }, "web"));
        self
    }

    pub(crate) fn without_sockets(mut self) -> Self {
        self.listeners = None;
        self
    }

    pub(crate) fn services(mut self, services: Services) -> Self {
        self.services = Some(services);
        self
    }

    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        self.network.addresses.iter().map(|own| own.address).collect()
    }

    /// Who reaches the doors.
    pub(crate) fn exposures(&self) -> Vec<Exposure> {
        let simulator = Simulator::new(&self.ruleset, &self.network);
        let family = |door: &Door, version: IpVersion| {
            let of = |address: &&IpAddr| address.is_ipv4() == (version == IpVersion::Ipv4);
            door.addresses.iter().any(|address| of(&address)).then(|| self.family(&simulator, door, version))
        };
        let expose = |door: &Door| Exposure {
            door: door.clone(),
            families: [IpVersion::Ipv4, IpVersion::Ipv6]
                .into_iter()
                .filter_map(|it| family(door, it))
                .collect(),
        };
        self.doors.iter().map(expose).collect()
    }

    fn family(&self, simulator: &Simulator<'_>, door: &Door, version: IpVersion) -> FamilyExposure {
        let sources = match version {
            IpVersion::Ipv4 => [(zone::INTERNET, "8.8.8.8"), (zone::PRIVATE, "10.9.9.9")],
            IpVersion::Ipv6 => [(zone::INTERNET, "2620:fe::9"), (zone::PRIVATE, "fd77::9")],
        };
        let own = |own: &&IpAddr| own.is_ipv4() == (version == IpVersion::Ipv4) && !own.is_loopback();
        let own = self.addresses().iter().find(own).copied().unwrap();
        let asked = |(zone, source): (&str, &str)| {
            let witness = format!("from {source} to {own} tcp sport 40000 dport {} iif eth0", door.port);
            let question = infer(parse(&witness, &|_, _| None).unwrap(), &self.network).unwrap().question;
            let simulation = simulator.run(&question, &Options::default()).unwrap();
            (zone.to_owned(), self.part(door, version, &witness, &simulation))
        };
        let parts: Vec<(String, Part)> = sources.into_iter().map(asked).collect();
        let coverage = |part: &Part| match part.verdict {
            Verdict::Allow => Coverage::All,
            Verdict::Deny => Coverage::None,
            Verdict::Unknown => Coverage::Depends,
        };
        FamilyExposure {
            version,
            zones: parts
                .iter()
                .map(|(zone, part)| ZoneExposure { zone: zone.clone(), coverage: coverage(part) })
                .collect(),
            parts: parts.into_iter().map(|(_, part)| part).collect(),
            too_complex: None,
        }
    }

    fn part(&self, door: &Door, version: IpVersion, witness: &str, simulation: &Simulation) -> Part {
        let own =
            |address: &IpAddr| address.is_ipv4() == (version == IpVersion::Ipv4) && !address.is_loopback();
        let bound = door.addresses.iter().any(own);
        let (verdict, decided) = match simulation.decision() {
            _ if !bound => {
                (Verdict::Deny, Deciding::NoDoor { text: "it listens at loopback only".to_owned() })
            }
            Decision::Allow => (Verdict::Allow, self.accepted(simulation)),
            Decision::Deny => (Verdict::Deny, self.denied(simulation)),
            Decision::Unknown => (Verdict::Unknown, Deciding::NoRule),
        };
        Part {
            verdict,
            interfaces: vec!["eth0".to_owned()],
            label: String::new(),
            zones: Vec::new(),
            sources: Vec::new(),
            more_sources: 0,
            conditions: Vec::new(),
            deciders: vec![decided],
            more_deciders: 0,
            causes: Vec::new(),
            witness: witness.to_owned(),
            arrives_at: None,
        }
    }

    fn accepted(&self, simulation: &Simulation) -> Deciding {
        let mut at = Hook::Prerouting;
        let mut found = Deciding::NoRule;
        for step in &simulation.outcomes[0].steps {
            match step {
                Step::Hook { hook, .. } => at = *hook,
                Step::Rule { chain, rule, effect: Effect::Accept, .. } => {
                    found = self.rules(crate::simulate::Decider::Rule(*chain, *rule), at);
                }
                _ => {}
            }
        }
        found
    }

    fn denied(&self, simulation: &Simulation) -> Deciding {
        match &simulation.outcomes[0].end {
            End::Dropped(by) | End::Rejected(by, _) => self.rules(*by, Hook::Input),
            other => Deciding::Host { code: String::new(), text: format!("{other:?}") },
        }
    }

    fn rules(&self, by: crate::simulate::Decider, hook: Hook) -> Deciding {
        let names = Names { ruleset: &self.ruleset, network: &self.network };
        let owner =
            super::fix::owner(&self.ruleset, by).map_or_else(|| "you".to_owned(), ToString::to_string);
        Deciding::Rules { by: names.decider(by), hook: hook.name().to_owned(), owner }
    }

    /// What one rule finds.
    pub(crate) fn find(&self, rule: Rule) -> Vec<Finding> {
        let exposures = self.exposures();
        let simulator = Simulator::new(&self.ruleset, &self.network);
        rule(&Scene {
            namespace: HERE,
            ruleset: &self.ruleset,
            network: &self.network,
            simulator: &simulator,
            exposures: &exposures,
            listeners: self.listeners.as_deref(),
            standing: Standing::Host,
            services: self.services.as_ref(),
            enter: "",
        })
    }

    /// The single finding of a rule.
    pub(crate) fn only(&self, rule: Rule) -> Finding {
        let mut found = self.find(rule);
        assert_eq!(found.len(), 1, "{found:#?}");
        found.remove(0)
    }

    /// A rule finds nothing.
    pub(crate) fn none(&self, rule: Rule) {
        let found = self.find(rule);
        assert!(found.is_empty(), "{found:#?}");
    }
}

fn network(addresses: &[(&str, &str, u8)]) -> Network {
    let own = addresses.iter().map(|(name, address, length)| (*name, address.parse().unwrap(), *length));
    let default = |address: &str, router: &str| {
        (Prefix::new(address.parse().unwrap(), 0), Some(router.parse().unwrap()), "eth0")
    };
    let private = addresses.iter().any(|(_, address, _)| address.starts_with("192.168."));
    let routers = if private { ["192.168.1.1", "fd00::1"] } else { ["192.0.2.1", "2001:db8::1"] };
    Network::described(own, [default("0.0.0.0", routers[0]), default("::", routers[1])])
}

fn door(port: u16, addresses: Vec<IpAddr>, kind: DoorKind, holder: &str) -> Door {
    Door {
        protocol: Protocol::Tcp,
        port,
        port_end: None,
        addresses,
        interface: None,
        kind,
        holder: Some(holder.to_owned()),
        namespace: HERE,
    }
}
