//! Real packets: which hooks see them, where they are forwarded to, and what the kernel's `fib` expression says of them.
//!
//! Each packet has a source port of its own. Rules put it into sets together with what an expression gave, so that one listing
//! tells of all packets.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::IpAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use portreeve_firewall::network::{
    ArrivalKey, Check, Fib, FibAddress, FibHook, FibInterface, FibPacket, FibQuery, ForwardKey, Frame,
    InputKey, Network, Routed,
};
use portreeve_lab::Lab;
use portreeve_linux::namespace::NetworkNamespace;
use portreeve_linux::tap::Tap;
use serde_json::Value;

use crate::compare::{is_same, pick_address, setting, settled};
use crate::configuration::{self, TAPS};
use crate::random::Random;

const PACKETS: u16 = 400;
const FIRST_PORT: u16 = 10_000;
const MTU: u32 = 1500;

/// A question of a rule: the set its answers go to, the hook it stands at, and what it asks.
struct Question {
    set: &'static str,
    chain: &'static str,
    expression: &'static str,
    query: FibQuery,
}

const fn query(address: FibAddress, mark: bool, interface: Option<FibInterface>) -> FibQuery {
    FibQuery { address, mark, interface }
}

const SOURCE: FibAddress = FibAddress::Source;
const DESTINATION: FibAddress = FibAddress::Destination;
const IIF: Option<FibInterface> = Some(FibInterface::Input);
const OIF: Option<FibInterface> = Some(FibInterface::Output);

const fn question(
    set: &'static str,
    chain: &'static str,
    expression: &'static str,
    query: FibQuery,
) -> Question {
    Question { set, chain, expression, query }
}

const QUESTIONS: &[Question] = &[
    question("type_d", "pre", "fib daddr type", query(DESTINATION, false, None)),
    question("type_s", "pre", "fib saddr type", query(SOURCE, false, None)),
    question("type_di", "pre", "fib daddr . iif type", query(DESTINATION, false, IIF)),
    question("type_si", "pre", "fib saddr . iif type", query(SOURCE, false, IIF)),
    question("oif_si", "pre", "fib saddr . iif oif", query(SOURCE, false, IIF)),
    question("oif_smi", "pre", "fib saddr . mark . iif oif", query(SOURCE, true, IIF)),
    question("oif_s", "pre", "fib saddr oif", query(SOURCE, false, None)),
    question("oif_d", "pre", "fib daddr oif", query(DESTINATION, false, None)),
    question("oif_dm", "pre", "fib daddr . mark oif", query(DESTINATION, true, None)),
    question("oif_dmi", "pre", "fib daddr . mark . iif oif", query(DESTINATION, true, IIF)),
    question("type_fdo", "forward", "fib daddr . oif type", query(DESTINATION, false, OIF)),
    question("oif_fsi", "forward", "fib saddr . iif oif", query(SOURCE, false, IIF)),
    question("oif_fd", "forward", "fib daddr oif", query(DESTINATION, false, None)),
    question("type_id", "input", "fib daddr type", query(DESTINATION, false, None)),
];

/// Sets, and chains that fill them. What did not come in by a TAP is dropped: forwarded packets reach the other half of a pair.
fn ruleset() -> String {
    let mut text = String::from(
        "table inet t {\n\
         set seen_pre { typeof udp sport; flags dynamic; size 65535; }\n\
         set seen_input { typeof udp sport; flags dynamic; size 65535; }\n\
         set seen_forward { typeof udp sport . meta oif; flags dynamic; size 65535; }\n",
    );
    for Question { set, expression, .. } in QUESTIONS {
        writeln!(text, "set {set} {{ typeof udp sport . {expression}; flags dynamic; size 65535; }}")
            .unwrap();
    }
    text += "chain first { type filter hook prerouting priority -300; iifname != { \"t0\", \"t1\" } drop; }\n\
             chain marking { type filter hook prerouting priority -200; udp dport 1001-1003 meta mark set udp dport map { 1001 : 1, 1002 : 2, 1003 : 3 }; }\n";
    for (chain, hook, seen) in [
        ("pre", "prerouting", "@seen_pre { udp sport }"),
        ("input", "input", "@seen_input { udp sport }"),
        ("forward", "forward", "@seen_forward { udp sport . meta oif }"),
    ] {
        writeln!(
            text,
            "chain {chain} {{ type filter hook {hook} priority 0;\nmeta l4proto != udp return\nupdate {seen}"
        )
        .unwrap();
        for Question { set, expression, .. } in QUESTIONS.iter().filter(|question| question.chain == chain) {
            writeln!(text, "update @{set} {{ udp sport . {expression} }}").unwrap();
        }
        text += "}\n";
    }
    text + "}\n"
}

fn nft(arguments: &[&str], input: &str) -> String {
    let mut nft = Command::new("nft")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("nft of nftables is needed");
    nft.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = nft.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// What each set says of each port: the second part of its elements, or nothing for sets of ports alone.
type Seen = BTreeMap<String, BTreeMap<u16, String>>;

fn told() -> Seen {
    let listing: Value = serde_json::from_str(&nft(&["-j", "list", "table", "inet", "t"], "")).unwrap();
    let mut seen = Seen::new();
    for set in listing["nftables"].as_array().unwrap().iter().filter_map(|object| object.get("set")) {
        let elements = set["elem"].as_array().cloned().unwrap_or_default();
        let entries = elements.into_iter().map(|element| {
            let parts = element["concat"].as_array().cloned().unwrap_or_else(|| vec![element.clone()]);
            let port = u16::try_from(parts[0].as_u64().unwrap()).unwrap();
            let second = parts.get(1).map_or_else(String::new, |value| {
                value.as_str().map_or_else(|| value.to_string(), str::to_owned)
            });
            (port, second)
        });
        seen.insert(set["name"].as_str().unwrap().to_owned(), entries.collect());
    }
    seen
}

struct Packet {
    source: IpAddr,
    destination: IpAddr,
    tap: usize,
    tos: u8,
    hop_limit: u8,
    source_port: u16,
    destination_port: u16,
}

impl Packet {
    fn random(random: &mut Random, number: u16) -> Self {
        let v6 = random.chance(50);
        Self {
            source: pick_address(random, v6),
            destination: pick_address(random, v6),
            tap: usize::from(random.chance(50)),
            tos: random.pick(&[0, 0, 0x08, 0x10, 0x28]),
            hop_limit: random.pick(&[64, 64, 64, 2, 1]),
            source_port: FIRST_PORT + number,
            destination_port: 1000 + u16::try_from(random.below(4)).unwrap(),
        }
    }

    fn mark(&self) -> u32 {
        u32::from(self.destination_port - 1000)
    }

    /// The whole frame; checksums of UDP are not looked at before a packet is delivered.
    fn frame(&self, mac: &[u8]) -> Vec<u8> {
        let payload =
            [self.source_port.to_be_bytes(), self.destination_port.to_be_bytes(), [0, 8], [0, 0]].concat();
        let mut frame = [mac, &[2, 0, 0, 0, 0, 9]].concat();
        match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                frame.extend([0x08, 0x00]);
                let mut header = vec![0x45, self.tos, 0, 28, 0, 1, 0, 0, self.hop_limit, 17, 0, 0];
                header.extend(source.octets());
                header.extend(destination.octets());
                let checksum = checksum(&header);
                header[10..12].copy_from_slice(&checksum.to_be_bytes());
                frame.extend(header);
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                frame.extend([0x86, 0xdd]);
                frame.extend([0x60 | self.tos >> 4, self.tos << 4, 0, 0, 0, 8, 17, self.hop_limit]);
                frame.extend(source.octets());
                frame.extend(destination.octets());
            }
            _ => unreachable!("both addresses are of one family"),
        }
        [frame, payload].concat()
    }

    fn input_key(&self, iif: u32) -> InputKey {
        InputKey {
            source: self.source,
            destination: self.destination,
            iif,
            mark: self.mark(),
            tos: self.tos,
            protocol: 17,
            source_port: Some(self.source_port),
            destination_port: Some(self.destination_port),
            frame: Frame::Host,
        }
    }

    fn fib_packet(&self, iif: u32, oif: Option<u32>, hook: FibHook) -> FibPacket {
        FibPacket {
            source: self.source,
            destination: self.destination,
            iif: Some(iif),
            oif,
            mark: self.mark(),
            tos: self.tos,
            protocol: 17,
            hook,
        }
    }
}

fn checksum(header: &[u8]) -> u16 {
    let sum: u32 = header.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    !u16::try_from((sum & 0xffff) + (sum >> 16))
        .unwrap_or_else(|carried: std::num::TryFromIntError| panic!("{carried}"))
}

#[test]
fn packets_go_where_they_are_said_to_go() {
    let (seed, rounds) = (setting("PORTREEVE_SEED", 1), setting("PORTREEVE_ROUNDS", 40));
    let (mut counted, mut answers, mut wrong) = (0, 0, Vec::new());
    for round in seed..seed + rounds {
        let lab = Lab::new("packets").unwrap();
        let host = lab.host("router").start().unwrap();
        let namespace = NetworkNamespace::at(&host.netns_path()).unwrap();
        let (checked, found) = namespace.within(|| one_round(round)).unwrap();
        answers += checked;
        counted += found.len();
        wrong.extend(found.into_iter().take(3));
    }
    eprintln!(
        "{} packets, {answers} answers in {rounds} networks from seed {seed}",
        rounds * u64::from(PACKETS)
    );
    let shown: Vec<&str> = wrong.iter().take(15).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{counted} disagreements:\n{}", shown.join("\n"));
}

fn one_round(seed: u64) -> (usize, Vec<String>) {
    let mut random = Random::new(seed);
    let built = configuration::build(&mut random);
    nft(&["-f", "-"], &ruleset());
    for _ in 0..20 {
        let network = settled();
        nft(&["flush", "ruleset"], "");
        nft(&["-f", "-"], &ruleset());
        let packets: Vec<Packet> = (0..PACKETS).map(|number| Packet::random(&mut random, number)).collect();
        for packet in &packets {
            send(packet, &built.taps, &network);
        }
        std::thread::sleep(Duration::from_millis(50));
        let told = told();
        if !is_same(&settled(), &network) {
            continue;
        }
        let mut judge = Judge {
            network: &network,
            fib: Fib::new(&network),
            seen: told,
            seed,
            checked: 0,
            wrong: Vec::new(),
        };
        for packet in &packets {
            judge.packet(packet);
        }
        if !judge.wrong.is_empty() && std::env::var_os("PORTREEVE_SHOW").is_some() {
            eprintln!("seed {seed}:\n{}\n{network:#?}", built.lines);
        }
        return (judge.checked, judge.wrong);
    }
    panic!("seed {seed}: the network never holds still");
}

fn send(packet: &Packet, taps: &[Tap], network: &Network) {
    let interface = network.interface_named(TAPS[packet.tap]).unwrap();
    // Nothing comes in by an interface that is down.
    if interface.flags.is_up() {
        taps[packet.tap].send(&packet.frame(&interface.mac)).unwrap();
    }
}

struct Judge<'a> {
    network: &'a Network,
    fib: Fib,
    seen: Seen,
    seed: u64,
    checked: usize,
    wrong: Vec<String>,
}

impl Judge<'_> {
    fn packet(&mut self, packet: &Packet) {
        let interface = self.network.interface_named(TAPS[packet.tap]).unwrap();
        if !interface.flags.is_up() {
            return;
        }
        let iif = interface.index;
        let arrival =
            ArrivalKey { source: packet.source, destination: packet.destination, iif, frame: Frame::Host };
        let arrives = self.fib.before_prerouting(&arrival) == Check::Passed;
        self.check(packet, "seen_pre", arrives.then(String::new).as_ref(), "arrival");
        if !arrives {
            return;
        }
        let routed = self.fib.input(&packet.input_key(iif));
        let expected = match &routed {
            Routed::Unknown { .. } => None,
            Routed::Local { .. } => Some((true, None)),
            Routed::Denied { .. } => Some((false, None)),
            Routed::Forward { oif, gateway, .. } => {
                let key = ForwardKey {
                    source: packet.source,
                    destination: packet.destination,
                    iif,
                    oif: *oif,
                    mtu: MTU,
                    by_gateway: gateway.is_some(),
                    hop_limit: packet.hop_limit,
                    length: None,
                    dont_fragment: false,
                    strict_source_route: false,
                    frame: Frame::Host,
                };
                Some((false, (self.fib.before_forward(&key) == Check::Passed).then_some(*oif)))
            }
        };
        if let Some((local, oif)) = expected {
            let note = format!("{routed:?}");
            self.check(packet, "seen_input", local.then(String::new).as_ref(), &note);
            self.check(packet, "seen_forward", oif.map(|oif| self.name(oif)).as_ref(), &note);
        }
        let local = self.seen["seen_input"].contains_key(&packet.source_port);
        let oif = self.seen["seen_forward"].get(&packet.source_port).cloned();
        let oif = oif.map(|name| self.network.interface_named(&name).unwrap().index);
        for question in QUESTIONS {
            let hook = match question.chain {
                "pre" => FibHook::Incoming,
                "input" if local => FibHook::Incoming,
                "forward" if oif.is_some() => FibHook::Forward,
                _ => continue,
            };
            let asked = packet.fib_packet(iif, oif.filter(|_| hook == FibHook::Forward), hook);
            let answer = if question.set.starts_with("type") {
                self.fib.fib_type(&question.query, &asked).map(|kind| type_name(kind.number()).to_owned())
            } else {
                self.fib
                    .fib_interface(&question.query, &asked)
                    .map(|index| index.map_or_else(|| "0".to_owned(), |index| self.name(index)))
            };
            if let Ok(answer) = answer {
                self.check(packet, question.set, Some(&answer), question.expression);
            }
        }
    }

    fn name(&self, index: u32) -> String {
        self.network.interface(index).unwrap().name.clone()
    }

    fn check(&mut self, packet: &Packet, set: &str, expected: Option<&String>, note: &str) {
        self.checked += 1;
        let found = self.seen[set].get(&packet.source_port);
        if found != expected {
            let Packet { source, destination, tap, tos, hop_limit, .. } = packet;
            self.wrong.push(format!(
                "seed {}: {source} to {destination} by {} tos {tos} ttl {hop_limit} mark {}: {set} ({note})\n  \
                 simulated {expected:?}, kernel {found:?}",
                self.seed,
                TAPS[*tap],
                packet.mark(),
            ));
        }
    }
}

/// As nftables prints them.
fn type_name(number: u8) -> &'static str {
    const NAMES: &[&str] = &[
        "unspec",
        "unicast",
        "local",
        "broadcast",
        "anycast",
        "multicast",
        "blackhole",
        "unreachable",
        "prohibit",
        "throw",
    ];
    NAMES[usize::from(number)]
}
