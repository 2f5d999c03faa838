//! Every witness that a client can be is replayed by a real one.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use portreeve_firewall::packet::{self, Place, Question, Transport};
use portreeve_lab::attempt::{Attempt, Carrier, Seen};
use portreeve_model::exposure::{DoorKind, Exposure, Part};
use portreeve_model::reach;

use crate::client::{Row, is_link_local};
use crate::compare::{agrees, fail};
use crate::exposed::{Exposed, words};
use crate::oracle::Oracle;
use crate::scene::Scene;
use crate::verdict::Verdict;

/// A part, and the client that its witness becomes.
struct Replay<'a> {
    exposure: &'a Exposure,
    part: &'a Part,
    row: Row,
    place: usize,
    attempt: Attempt,
}

/// Replays those whose source a client can take: its address is routed back to it, and no address of anybody else.
pub(crate) fn replay(scene: &Scene<'_>, exposed: &Exposed) -> usize {
    let owners = scene.owners();
    let mut routes = Routes { scene, known: BTreeMap::new() };
    let mut replays = Vec::new();
    let mut others = 0;
    for exposure in exposed.exposures() {
        for part in exposure.families.iter().flat_map(|family| &family.parts) {
            match client(&owners, &mut routes, exposure, part) {
                Some(replay) => replays.push(replay),
                None => others += 1,
            }
        }
    }
    take_addresses(scene, &owners, &replays);
    // Doors at the same place have the same witness: it is tried once.
    let mut attempts: Vec<(usize, Attempt)> = Vec::new();
    let mut tried: Vec<usize> = Vec::new();
    for replay in &replays {
        let attempt = (replay.place, replay.attempt.clone());
        tried.push(attempts.iter().position(|known| *known == attempt).unwrap_or(attempts.len()));
        if tried.last() == Some(&attempts.len()) {
            attempts.push(attempt);
        }
    }
    let allowed: BTreeSet<usize> = replays
        .iter()
        .zip(&tried)
        .filter(|(replay, _)| replay.part.verdict == reach::Verdict::Allow)
        .map(|(_, index)| *index)
        .collect();
    let seen = scene.attempt(&attempts, &|index| allowed.contains(&index));
    let mut complaints = Vec::new();
    for (replay, index) in replays.iter().zip(&tried) {
        let seen = &seen[*index];
        if matches!(seen, Seen::Impossible { .. }) {
            // The port is a server's, say.
            others += 1;
            continue;
        }
        // Another door at the same address and port may answer in the place of this one.
        let whole = exposed.opinion(&replay.row).verdict;
        let verdict = match replay.part.verdict {
            reach::Verdict::Allow => Verdict::Allow,
            reach::Verdict::Deny if whole == Verdict::Deny => Verdict::Deny,
            _ => whole,
        };
        let seen = if replay.exposure.door.kind == DoorKind::Behind { arrived(seen) } else { seen.clone() };
        if !agrees(scene, &verdict, &seen) {
            complaints.push(format!(
                "witness {}\n    of {:?} {:?}, part {} by {:?} {:?}\n    saw {seen:?}, expected {verdict:?}\n    {}\n",
                replay.part.witness,
                replay.exposure.door.kind,
                replay.exposure.door.addresses,
                replay.part.label,
                replay.part.interfaces,
                replay.part.conditions,
                replay.part.deciders.iter().map(words).collect::<Vec<_>>().join("; "),
            ));
        }
    }
    println!("{}: {} witnesses replayed; {others} are nobody's to take", scene.site.name(), replays.len());
    fail(scene, &complaints, replays.len());
    replays.len()
}

/// Of a host behind the server any port may be asked for: one where nobody listens refuses by itself.
fn arrived(seen: &Seen) -> Seen {
    match seen {
        Seen::Refused => Seen::Answered { said: "nobody listens".into() },
        seen => seen.clone(),
    }
}

/// The client of a witness, where somebody can be it.
fn client<'a>(
    owners: &BTreeMap<IpAddr, usize>,
    routes: &mut Routes<'_>,
    exposure: &'a Exposure,
    part: &'a Part,
) -> Option<Replay<'a>> {
    let question = question(&part.witness);
    let (carrier, chosen, asked) = ports(&question)?;
    let place = match &question.place {
        Place::Out { .. } => Scene::SERVER,
        Place::In(interface) => routes.who_enters(interface)?,
    };
    let at_home = question.destination.is_loopback() || owners.get(&question.destination) == Some(&place);
    if place != Scene::SERVER && at_home {
        // Its own kernel would keep it.
        return None;
    }
    let from = match (question.source, place) {
        (Some(from), _) => from,
        (None, Scene::SERVER) => question.destination,
        (None, _) => return None,
    };
    let owner = owners.get(&from).copied();
    let free = match (&question.place, owner) {
        (Place::Out { .. }, owner) => owner == Some(Scene::SERVER) || from.is_loopback(),
        (Place::In(_), Some(owner)) => owner == place,
        // The answer must find the way back.
        (Place::In(interface), None) => is_unicast(from) && routes.leads_back(from, interface),
    };
    let enters = match &question.place {
        Place::Out { .. } => None,
        Place::In(interface) => Some(interface.clone()),
    };
    let client = crate::client::Client { place, address: from, enters };
    let client_port = chosen.filter(|port| *port != 0)?;
    let row = Row { client, to: question.destination, carrier, port: asked, client_port };
    let attempt = row.attempt();
    free.then_some(Replay { exposure, part, row, place, attempt })
}

/// A witness is in the words of `--packet`.
fn question(witness: &str) -> Question {
    let asked = packet::parse(witness, &|_, _| None).unwrap_or_else(|error| panic!("{witness}: {error}"));
    asked.question().cloned().unwrap_or_else(|| panic!("{witness}: no place"))
}

fn ports(question: &Question) -> Option<(Carrier, Option<u16>, u16)> {
    match question.transport {
        Transport::Tcp { source, destination, .. } => Some((Carrier::Tcp, source, destination?)),
        Transport::Ports { protocol: 17, source, destination } => Some((Carrier::Udp, source, destination?)),
        _ => None,
    }
}

fn is_unicast(address: IpAddr) -> bool {
    !address.is_multicast()
        && !address.is_unspecified()
        && !address.is_loopback()
        && match address {
            // `ipv4_is_zeronet`, and the limited broadcast address.
            IpAddr::V4(v4) => v4.octets()[0] != 0 && !v4.is_broadcast(),
            IpAddr::V6(v6) => v6.to_ipv4_mapped().is_none(),
        }
}

/// Gives the clients the addresses that nobody has yet.
fn take_addresses(scene: &Scene<'_>, owners: &BTreeMap<IpAddr, usize>, replays: &[Replay<'_>]) {
    let mut wanted: BTreeMap<usize, BTreeSet<IpAddr>> = BTreeMap::new();
    for replay in replays.iter().filter(|replay| replay.place != Scene::SERVER) {
        if !owners.contains_key(&replay.attempt.from) {
            wanted.entry(replay.place).or_default().insert(replay.attempt.from);
        }
    }
    for (place, addresses) in wanted {
        let lines: String = addresses.iter().map(|address| line(*address)).collect();
        let argv = ["ip", "-batch", "-"];
        scene.places[place].run(scene.site, &argv, &lines).success().unwrap();
    }
}

/// On the cable, where neighbours ask for it.
fn line(address: IpAddr) -> String {
    let (length, nodad) = match address {
        IpAddr::V4(_) => (32, ""),
        IpAddr::V6(_) if is_link_local(address) => (64, " nodad"),
        IpAddr::V6(_) => (128, " nodad"),
    };
    format!("address add {address}/{length} dev eth0{nodad}\n")
}

/// Which way the server sends, as `ip route get` says.
struct Routes<'a> {
    scene: &'a Scene<'a>,
    known: BTreeMap<IpAddr, Option<String>>,
}

impl Routes<'_> {
    fn leads_back(&mut self, to: IpAddr, interface: &str) -> bool {
        if is_link_local(to) {
            return true;
        }
        let scene = self.scene;
        let found = self.known.entry(to).or_insert_with(|| {
            let to = to.to_string();
            let output = scene.places[Scene::SERVER].run(scene.site, &["ip", "route", "get", &to], "");
            let words: Vec<&str> = output.stdout.split_whitespace().collect();
            let device = words.windows(2).find(|pair| pair[0] == "dev").map(|pair| pair[1].to_owned());
            device.filter(|_| output.code() == Some(0))
        });
        found.as_deref() == Some(interface)
    }

    /// The place whose packets come in by an interface of the server: one of them, where there are several.
    fn who_enters(&self, interface: &str) -> Option<usize> {
        let mut clients = self.scene.clients.iter();
        clients.find(|client| client.enters.as_deref() == Some(interface)).map(|client| client.place)
    }
}
