//! Thousands of questions, each asked of the kernel and of the simulation.

use std::net::IpAddr;
use std::time::Duration;

use portreeve_firewall::network::{
    Denial, Fib, Frame, InputKey, Network, OutputError, OutputKey, OutputRoute, Routed, read,
};
use portreeve_lab::Lab;
use portreeve_linux::Errno;
use portreeve_linux::namespace::NetworkNamespace;
use portreeve_linux::netlink::{Family, NetlinkSocket};
use portreeve_wire::route::RouteQuery;

use crate::answers::{self, Answer};
use crate::configuration::{self, INTERFACES, V4, V6};
use crate::random::Random;

const QUESTIONS: u64 = 250;

/// Counts, and the first disagreements in words.
#[derive(Default)]
struct Tally {
    asked: u32,
    uncertain: u32,
    refused: u32,
    wrong: Vec<String>,
}

pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

#[test]
fn routing_agrees_with_the_kernel() {
    let (seed, rounds) = (setting("PORTREEVE_SEED", 1), setting("PORTREEVE_ROUNDS", 40));
    let mut total = Tally::default();
    let mut counted = 0;
    for round in seed..seed + rounds {
        let lab = Lab::new("fib").unwrap();
        let host = lab.host("router").start().unwrap();
        let namespace = NetworkNamespace::at(&host.netns_path()).unwrap();
        let tally = namespace.within(|| one_round(round)).unwrap();
        total.asked += tally.asked;
        total.uncertain += tally.uncertain;
        total.refused += tally.refused;
        counted += tally.wrong.len();
        total.wrong.extend(tally.wrong.into_iter().take(2));
    }
    eprintln!(
        "{} questions in {rounds} networks from seed {seed}: {} refused by the kernel, {} uncertain",
        total.asked, total.refused, total.uncertain
    );
    let shown: Vec<&str> = total.wrong.iter().take(15).map(String::as_str).collect();
    assert!(total.wrong.is_empty(), "{counted} disagreements:\n{}", shown.join("\n"));
    assert!(total.uncertain * 10 < total.asked, "too much is uncertain");
}

fn one_round(seed: u64) -> Tally {
    let mut random = Random::new(seed);
    let built = configuration::build(&mut random);
    for _ in 0..20 {
        let network = settled();
        let tally = questions(&mut random, &network, seed, &built.lines);
        if is_same(&settled(), &network) {
            return tally;
        }
    }
    panic!("seed {seed}: the network never holds still");
}

/// The network, once carriers and what follows from them are there.
pub(crate) fn settled() -> Network {
    let mut before = read().unwrap().0;
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(30));
        let (now, limits) = read().unwrap();
        assert!(!format!("{limits:?}").contains("NotRead"), "{limits:?}");
        if is_same(&now, &before) {
            return now;
        }
        before = now;
    }
    panic!("the network never holds still");
}

pub(crate) fn is_same(one: &Network, other: &Network) -> bool {
    one.routes == other.routes && one.interfaces == other.interfaces && one.addresses == other.addresses
}

fn questions(random: &mut Random, network: &Network, seed: u64, lines: &str) -> Tally {
    let fib = Fib::new(network);
    let mut channel = NetlinkSocket::open(Family::Route).unwrap();
    let mut tally = Tally::default();
    let before = tally.wrong.len();
    for _ in 0..QUESTIONS {
        for v6 in [false, true] {
            input(random, network, &fib, &mut channel, v6, seed, &mut tally);
            output(random, network, &fib, &mut channel, v6, seed, &mut tally);
        }
    }
    if tally.wrong.len() > before && std::env::var_os("PORTREEVE_SHOW").is_some() {
        eprintln!("seed {seed}:\n{lines}\n{network:#?}");
    }
    tally
}

pub(crate) fn pick_address(random: &mut Random, v6: bool) -> IpAddr {
    let from = if v6 { V6 } else { V4 };
    if random.chance(85) {
        return random.pick(from).parse().unwrap();
    }
    if v6 {
        let bits =
            (0x2001_0db8_u128 << 96) | (u128::from(random.below(4)) << 80) | u128::from(random.below(512));
        IpAddr::V6(bits.into())
    } else {
        let bits = 0x0a00_0000 | u32::try_from(random.below(0x400)).unwrap();
        IpAddr::V4(bits.into())
    }
}

fn pick_interface(random: &mut Random, network: &Network) -> u32 {
    let name = if random.chance(4) { "lo" } else { random.pick(INTERFACES) };
    network.interface_named(name).unwrap().index
}

struct Rest {
    mark: u32,
    tos: u8,
    protocol: u8,
    source_port: u16,
    destination_port: u16,
}

fn rest(random: &mut Random) -> Rest {
    Rest {
        mark: random.pick(&[0, 0, 0, 1, 2, 3]),
        tos: random.pick(&[0, 0, 0, 0x04, 0x08, 0x10, 0x18, 0x20, 0x28]),
        protocol: random.pick(&[6, 17]),
        source_port: random.pick(&[53, 1000, 1500, 40_000]),
        destination_port: random.pick(&[22, 53, 443, 1500]),
    }
}

fn input(
    random: &mut Random,
    network: &Network,
    fib: &Fib,
    channel: &mut NetlinkSocket,
    v6: bool,
    seed: u64,
    tally: &mut Tally,
) {
    let rest = rest(random);
    let key = InputKey {
        source: pick_address(random, v6),
        destination: pick_address(random, v6),
        iif: pick_interface(random, network),
        mark: rest.mark,
        tos: rest.tos,
        protocol: rest.protocol,
        source_port: Some(rest.source_port),
        destination_port: Some(rest.destination_port),
        frame: Frame::Host,
    };
    // Nothing comes in by an interface that is down.
    if !network.interface(key.iif).unwrap().flags.is_up() {
        return;
    }
    // inet6_rtm_getroute gives no user to such a lookup, and packets have root.
    if v6 && network.rules.iter().any(|rule| rule.ipv6 && rule.users.is_some()) {
        return;
    }
    let query = RouteQuery {
        destination: key.destination,
        source: Some(key.source),
        iif: Some(key.iif),
        oif: None,
        mark: key.mark,
        tos: key.tos,
        protocol: Some(key.protocol),
        source_port: key.source_port,
        destination_port: key.destination_port,
        uid: None,
    };
    let routed = fib.input(&key);
    let said = match answers::kernel(channel, &query) {
        // Packets that are delivered have no other end.
        Answer::Route { kind, oif, gateway, .. } => {
            // Forwarded broadcasts are forwarded like others.
            let forwarded = matches!(routed, Routed::Forward { .. });
            let kind = if kind == "broadcast" && (forwarded || oif != 1) { "unicast" } else { kind };
            Answer::Route { kind, oif, gateway, source: None }
        }
        error @ Answer::Error(_) => error,
    };
    if said == Answer::Error(Errno::MSGSIZE) && key.destination.is_multicast() {
        // rt6_fill_node asks multicast routing, which does not run, and mistakes its answer for a full message.
        return;
    }
    if v6 && differs_by_nature(&routed, &said) {
        tally.asked += 1;
        return;
    }
    let (expected, uncertain) = answers::input(&routed);
    tally.judge(&expected, uncertain.is_some(), &said, || {
        format!("seed {seed}: {key:?}\n  simulated {routed:?}")
    });
}

/// `ip6_route_input` is only the lookup. What comes after it is not asked by `RTM_GETROUTE`: whether this machine forwards and
/// whether it is in the group.
fn differs_by_nature(routed: &Routed, said: &Answer) -> bool {
    let Answer::Route { kind, oif, .. } = said else { return false };
    match routed {
        Routed::Denied { reason: Denial::ForwardingDisabled, .. } => *kind == "unicast",
        // A route over loopback that is not for this machine drops without an error.
        Routed::Denied { reason: Denial::NoRoute, .. } => *oif == 1,
        Routed::Denied { reason: Denial::NotMember, .. } | Routed::Local { .. } => *kind == "multicast",
        _ => false,
    }
}

fn output(
    random: &mut Random,
    network: &Network,
    fib: &Fib,
    channel: &mut NetlinkSocket,
    v6: bool,
    seed: u64,
    tally: &mut Tally,
) {
    let rest = rest(random);
    let key = OutputKey {
        source: random.chance(40).then(|| pick_address(random, v6)),
        destination: pick_address(random, v6),
        oif: random.chance(25).then(|| pick_interface(random, network)),
        // RTM_GETROUTE has no socket.
        bound: false,
        mark: rest.mark,
        tos: rest.tos,
        protocol: rest.protocol,
        source_port: Some(rest.source_port),
        destination_port: Some(rest.destination_port),
        uid: Some(random.pick(&[0, 1000, 5000])),
        any_source: false,
    };
    let query = RouteQuery {
        destination: key.destination,
        source: key.source,
        iif: None,
        oif: key.oif,
        mark: key.mark,
        tos: key.tos,
        protocol: Some(key.protocol),
        source_port: key.source_port,
        destination_port: key.destination_port,
        uid: key.uid,
    };
    let said = match answers::kernel(channel, &query) {
        Answer::Route { kind, oif, gateway, source } => {
            // Anycast is delivered here, and only called by another name.
            let kind = match kind {
                "anycast" => "local",
                // A way's cached route says what its first user was (rt_cache_route), so that "multicast" says nothing.
                "multicast" | "local" if !v6 => "unicast",
                other => other,
            };
            Answer::Route { kind, oif, gateway, source: source.filter(|_| key.source.is_none()) }
        }
        error @ Answer::Error(_) => error,
    };
    let sent = fib.output(&key);
    if sent == OutputRoute::Failed(OutputError::NoSource) {
        // Senders fail for want of a source, RTM_GETROUTE answers without one.
        let sourceless = matches!(said, Answer::Error(_) | Answer::Route { source: None, .. });
        tally.judge(&[], false, &said, String::new);
        tally.wrong.truncate(tally.wrong.len() - usize::from(sourceless));
        return;
    }
    // Such routes have no error and lead to loopback, so they look like others to who asks.
    if sent == OutputRoute::Failed(OutputError::Dropped) {
        let to_loopback = matches!(said, Answer::Route { oif: 1, .. });
        tally.judge(&[], false, &said, || format!("seed {seed}: {key:?}\n  simulated {sent:?}"));
        tally.wrong.truncate(tally.wrong.len() - usize::from(to_loopback));
        return;
    }
    if let (OutputRoute::Sent { source, .. }, Answer::Error(_), None, true) = (&sent, &said, key.source, v6) {
        // Senders ask again with a source (ip6_dst_lookup_tail), RTM_GETROUTE does not, and cannot ask as strictly as they do.
        if key.oif.is_some() {
            return;
        }
        let again = answers::kernel(channel, &RouteQuery { source: Some(*source), ..query });
        let again = match again {
            Answer::Route { kind, oif, gateway, .. } => {
                let kind = if kind == "anycast" { "local" } else { kind };
                Answer::Route { kind, oif, gateway, source: Some(*source) }
            }
            error @ Answer::Error(_) => error,
        };
        let (expected, uncertain) = answers::output(&sent, &key);
        tally.judge(&expected, uncertain.is_some(), &again, || {
            format!("seed {seed}, again: {key:?}\n  simulated {sent:?}")
        });
        return;
    }
    let (expected, uncertain) = answers::output(&sent, &key);
    tally.judge(&expected, uncertain.is_some(), &said, || {
        format!("seed {seed}: {key:?}\n  simulated {sent:?}")
    });
}

impl Tally {
    fn judge(
        &mut self,
        expected: &[Answer],
        uncertain: bool,
        said: &Answer,
        question: impl FnOnce() -> String,
    ) {
        self.asked += 1;
        self.uncertain += u32::from(uncertain);
        self.refused += u32::from(matches!(said, Answer::Error(_)));
        if !expected.contains(said) {
            self.wrong.push(format!("{}\n  kernel says {said}", question()));
        }
    }
}
