//! A small host with rules as `nft` takes them, and what is held of every exposure of it.

use std::net::{IpAddr, SocketAddr};

use portreeve_firewall::ir::{Ruleset, owner};
use portreeve_firewall::network::{Network, Prefix};
use portreeve_firewall::packet::{Question, parse};
use portreeve_firewall::reach::exposure::{Query, Surveyor};
use portreeve_firewall::reach::zones::Zones;
use portreeve_firewall::read::names::Names;
use portreeve_firewall::read::nft;
use portreeve_firewall::read::nft_text::{Loading, list};
use portreeve_firewall::simulate::{self, Options, Simulator};
use portreeve_firewall::space::Budget;
use portreeve_model::exposure::{Decision, Door, DoorKind, Exposure, FamilyExposure, IpVersion, Part};
use portreeve_model::reach::{Decider, Verdict};
use portreeve_model::{NamespaceId, Protocol};

/// A host, its rules and zones.
pub(crate) struct Scene {
    pub(crate) ruleset: Ruleset,
    pub(crate) network: Network,
    pub(crate) zones: Zones,
}

impl Scene {
    /// The host of all tests: `eth0` with the default route, `lan`, and `dmz` behind which other hosts are.
    pub(crate) fn new(rules: &str) -> Self {
        let listing =
            list(rules, &Loading::default()).expect("this test needs root: it makes a network namespace");
        let interfaces = network().interfaces;
        let mut names = Names::new(interfaces.into_iter().map(|interface| (interface.index, interface.name)));
        let mut ruleset = nft::read_with(&listing.json, &listing.supplement, &mut names).unwrap();
        assert!(ruleset.unread.is_empty(), "{:?}", ruleset.unread);
        owner::attribute(&mut ruleset);
        Self::with(ruleset)
    }

    pub(crate) fn with(ruleset: Ruleset) -> Self {
        let network = network();
        let zones = Zones::new(&network, &[]);
        Self { ruleset, network, zones }
    }

    pub(crate) fn surveyor(&self) -> Surveyor<'_> {
        Surveyor::new(&self.ruleset, &self.network, &self.zones, Budget::default()).unwrap()
    }

    /// Exposures of doors, every witness replayed.
    pub(crate) fn exposures(&self, doors: &[Door]) -> Vec<Exposure> {
        let query = Query { most_sources: 10_000, ..Query::default() };
        let exposures = self.surveyor().exposures(doors, &query);
        for exposure in &exposures {
            self.replay(exposure);
        }
        exposures
    }

    pub(crate) fn ask(&self, door: &Door) -> Exposure {
        self.exposures(std::slice::from_ref(door)).remove(0)
    }

    /// Every witness has the fate of its part.
    pub(crate) fn replay(&self, exposure: &Exposure) {
        for part in exposure.families.iter().flat_map(|family| &family.parts) {
            let question = question(&part.witness);
            let missed = matches!(part.deciders.first(), Some(Decision::NoDoor { .. }));
            let answered = self.answered(&question);
            assert!(missed || answered == part.verdict, "{:?}: {answered:?} {part:#?}", exposure.door);
            if let [Decision::Reply { .. }] = part.deciders.as_slice() {
                assert_eq!(self.decide(&question), Verdict::Allow, "{part:#?}");
            }
        }
    }

    /// What becomes of a packet and of the answer to it, together.
    pub(crate) fn answered(&self, packet: &Question) -> Verdict {
        let back = || self.decide(&Question { reply: true, ..packet.clone() });
        match self.decide(packet) {
            Verdict::Deny => Verdict::Deny,
            there => match back() {
                Verdict::Allow => there,
                // Whatever was uncertain on the way there: it is not answered.
                back => back,
            },
        }
    }

    pub(crate) fn decide(&self, question: &Question) -> Verdict {
        let simulator = Simulator::new(&self.ruleset, &self.network);
        match simulator.run(question, &Options::default()).unwrap().decision() {
            simulate::Decision::Allow => Verdict::Allow,
            simulate::Decision::Deny => Verdict::Deny,
            simulate::Decision::Unknown => Verdict::Unknown,
        }
    }
}

fn network() -> Network {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let everything = |text: &str| Prefix::new(address(text), 0);
    Network::described(
        [
            ("eth0", address("192.0.2.10"), 24),
            ("eth0", address("2001:db8::10"), 64),
            ("lan", address("10.0.0.1"), 8),
            ("dmz", address("172.17.0.1"), 16),
        ],
        [
            (everything("0.0.0.0"), Some(address("192.0.2.1")), "eth0"),
            (everything("::"), Some(address("2001:db8::1")), "eth0"),
        ],
    )
}

pub(crate) fn question(text: &str) -> Question {
    parse(text, &|_, _| None).unwrap_or_else(|error| panic!("{text}: {error}")).question().unwrap().clone()
}

/// A TCP listener on these addresses.
pub(crate) fn listener(port: u16, addresses: &[&str]) -> Door {
    Door {
        protocol: Protocol::Tcp,
        port,
        port_end: None,
        addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        interface: None,
        kind: DoorKind::Listener,
        holder: Some("test".to_owned()),
        namespace: NamespaceId::default(),
    }
}

pub(crate) fn everywhere(port: u16) -> Door {
    listener(port, &["0.0.0.0", "::"])
}

pub(crate) fn family(exposure: &Exposure, version: IpVersion) -> &FamilyExposure {
    exposure.families.iter().find(|family| family.version == version).unwrap()
}

pub(crate) fn v4(exposure: &Exposure) -> &FamilyExposure {
    family(exposure, IpVersion::Ipv4)
}

/// The part that an interface's source is in.
pub(crate) fn part<'a>(family: &'a FamilyExposure, interface: &str, source: &str) -> &'a Part {
    let source = source.parse().unwrap();
    let here = |part: &&Part| holds(part, Some(interface), source);
    let found: Vec<&Part> = family.parts.iter().filter(here).collect();
    assert_eq!(found.len(), 1, "{interface} {source}: {found:#?}\n{:#?}", family.parts);
    found[0]
}

/// What the host itself gets.
pub(crate) fn own(family: &FamilyExposure) -> &Part {
    let found: Vec<&Part> = family.parts.iter().filter(|part| part.interfaces.is_empty()).collect();
    assert_eq!(found.len(), 1, "{:#?}", family.parts);
    found[0]
}

pub(crate) fn holds(part: &Part, interface: Option<&str>, source: IpAddr) -> bool {
    let by = match interface {
        Some(name) => part.interfaces.iter().any(|known| known == name),
        None => part.interfaces.is_empty(),
    };
    by && part.sources.iter().any(|prefix| {
        let (address, length) = prefix.split_once('/').unwrap();
        Prefix::new(address.parse().unwrap(), length.parse().unwrap()).contains(source)
    })
}

/// What decides, in short: `input handle 4`, `input policy drop`, `no rule`, `host rp-filter`, `reply of ...`.
pub(crate) fn deciders(part: &Part) -> Vec<String> {
    part.deciders.iter().map(decider).collect()
}

fn decider(decision: &Decision) -> String {
    match decision {
        Decision::Rules { by: Decider::Rule(rule), hook, .. } => format!("{hook} {}", rule.text),
        Decision::Rules { by: Decider::Policy(chain), hook, .. } => {
            format!(
                "{hook} policy {}",
                chain.base.as_ref().map(|base| base.policy.as_str()).unwrap_or_default()
            )
        }
        Decision::NoRule => "no rule".to_owned(),
        Decision::Host { code, .. } => format!("host {code}"),
        Decision::Reply { by } => format!("reply of {}", decider(by)),
        Decision::NoDoor { text } => format!("no door {text}"),
    }
}

pub(crate) fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}
