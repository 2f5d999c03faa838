//! Every case of a scene tried at once, and judged.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use portreeve_firewall::ir::Ruleset;
use portreeve_firewall::ir::owner::Owner;
use portreeve_firewall::read::{Programs, live};
use portreeve_lab::site::{INTERNET, Site};
use portreeve_linux::namespace::NetworkNamespace;
use serde_json::Value;

use crate::case::Case;
use crate::client::{Seen, attempt};
use crate::corpus;
use crate::listeners::Listeners;
use crate::prediction::Predictor;
use crate::trace::Tracer;

/// Ports that answer everywhere. A port without a listener would refuse by itself and tell nothing of the rules.
const PORTS: &[u16] =
    &[22, 25, 53, 80, 81, 113, 123, 443, 587, 3128, 5005, 5432, 6000, 8005, 8080, 8443, 9090, 30080];

/// Source port of the first client; each case has its own, by which its packets are known in a trace.
const FIRST_CLIENT: u16 = 50_000;

/// How many rules each product has, and how many have no owner that can be told.
pub(crate) fn owners(ruleset: &Ruleset) -> BTreeMap<Option<Owner>, usize> {
    let mut owners = BTreeMap::new();
    for rule in ruleset.chains.iter().flat_map(|chain| &chain.rules) {
        *owners.entry(rule.origin.owner.clone()).or_default() += 1;
    }
    owners
}

/// Fails unless all rules but `others` are of this owner.
pub(crate) fn assert_owner(ruleset: &Ruleset, owner: &Owner, others: usize) {
    let rules = ruleset.chains.iter().flat_map(|chain| chain.rules.iter().map(move |rule| (chain, rule)));
    let (own, foreign): (Vec<_>, Vec<_>) =
        rules.partition(|(_, rule)| rule.origin.owner.as_ref() == Some(owner));
    let named: Vec<String> = foreign
        .iter()
        .map(|(chain, rule)| {
            format!("{} {} {}: {:?} {}", chain.family, chain.table, chain.name, rule.origin.owner, rule.text)
        })
        .collect();
    assert!(!own.is_empty(), "no rule of {owner}");
    assert_eq!(named.len(), others, "rules that are not of {owner}: {named:#?}");
}

/// Places of a scene: who sends and who answers.
pub(crate) struct Places {
    namespaces: BTreeMap<String, NetworkNamespace>,
    addresses: BTreeMap<IpAddr, String>,
    listeners: Vec<Listeners>,
}

impl Places {
    /// Server and neighbours.
    pub(crate) fn of(site: &Site) -> Self {
        Self::without(site, &[])
    }

    /// The same where the software has taken ports of the server.
    pub(crate) fn without(site: &Site, taken: &[u16]) -> Self {
        corpus::keep(site);
        let mut places =
            Self { namespaces: BTreeMap::new(), addresses: BTreeMap::new(), listeners: Vec::new() };
        places.add(site.server.name(), &site.server.netns_path(), taken);
        for host in [&site.outside, &site.inside] {
            places.add(host.name(), &host.netns_path(), &[]);
        }
        places
    }

    /// Adds a place that answers on all ports but the `taken` ones.
    pub(crate) fn add(&mut self, name: &str, path: &Path, taken: &[u16]) {
        let namespace = NetworkNamespace::at(path).unwrap();
        let ports: Vec<u16> = PORTS.iter().copied().filter(|port| !taken.contains(port)).collect();
        let addresses: Vec<IpAddr> = if name == "outside" {
            INTERNET.iter().map(|address| address.parse().unwrap()).collect()
        } else {
            Vec::new()
        };
        for address in addresses_of(&namespace) {
            self.addresses.insert(address, name.into());
        }
        self.listeners.push(Listeners::start(name, &namespace, &ports, &addresses));
        self.namespaces.insert(name.into(), namespace);
    }

    pub(crate) fn namespace(&self, name: &str) -> &NetworkNamespace {
        self.namespaces.get(name).unwrap_or_else(|| panic!("no place `{name}`"))
    }

    /// Reads the server, tries all cases, and fails unless each came out as it says and as the simulator says. Gives what was read.
    pub(crate) fn judge(&self, site: &Site, cases: &[Case]) -> Ruleset {
        let firewall = self.namespace("server").within(|| live::read(&Programs::default())).unwrap();
        assert_eq!(firewall.unseen, [], "all is read");
        let (ruleset, errors) = firewall.ruleset();
        assert_eq!(errors, [], "all is understood");
        assert_eq!(ruleset.unread, [], "all is understood");
        let predictor = Predictor::new(&ruleset, &firewall.network, &self.addresses);

        let tracer = Tracer::start(site, self.namespace("server"));
        let clients = FIRST_CLIENT..FIRST_CLIENT + u16::try_from(cases.len()).unwrap();
        let seen: Vec<Seen> = std::thread::scope(|scope| {
            let attempts = clients
                .clone()
                .zip(cases)
                .map(|(client, case)| scope.spawn(move || self.attempt(case, client)));
            let attempts: Vec<_> = attempts.collect();
            attempts.into_iter().map(|attempt| attempt.join().unwrap()).collect()
        });
        let paths = tracer.paths(&clients);
        let mut complaints = String::new();
        for ((client, case), seen) in clients.zip(cases).zip(&seen) {
            if !came_true(case, seen) {
                let Case { sender, packet, answers, .. } = case;
                writeln!(complaints, "{sender} -- {packet}: expected {answers:?}, saw {seen:?}").unwrap();
            }
            complaints += &predictor.compare(case, client, seen, paths.get(&client)).unwrap_or_default();
        }
        assert!(complaints.is_empty(), "\n{complaints}");
        ruleset
    }

    /// Silence where an answer is expected may be a busy machine's: it is asked once more. The other way round there is no excuse.
    fn attempt(&self, case: &Case, client: u16) -> Seen {
        match self.attempt_once(case, client) {
            Seen::Silence if !case.answers.is_empty() => self.attempt_once(case, client),
            seen => seen,
        }
    }

    fn attempt_once(&self, case: &Case, client: u16) -> Seen {
        let place = case.answers.first().and_then(|answer| answer.split(':').next()).unwrap_or("somebody");
        self.namespace(&case.sender).within(|| attempt(&case.flow(), client, place)).unwrap()
    }
}

/// All addresses of a place but loopback's, by `ip`, which the thread's namespace is handed down to.
fn addresses_of(namespace: &NetworkNamespace) -> Vec<IpAddr> {
    let listing =
        namespace.within(|| Command::new("ip").args(["-json", "address"]).output()).unwrap().unwrap();
    let interfaces: Vec<Value> = serde_json::from_slice(&listing.stdout).unwrap();
    let addresses = interfaces.iter().filter_map(|interface| interface["addr_info"].as_array()).flatten();
    let addresses = addresses.filter_map(|address| address["local"].as_str()?.parse::<IpAddr>().ok());
    addresses.filter(|address| !address.is_loopback()).collect()
}

fn came_true(case: &Case, seen: &Seen) -> bool {
    match seen {
        Seen::Answer { place, client } => {
            case.answers.contains(place) && (case.client.is_none() || case.client == *client)
        }
        Seen::Error(_) | Seen::Silence => case.answers.is_empty(),
    }
}
