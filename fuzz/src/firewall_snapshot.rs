//! Snapshot files, and what is made of them: rules, a network, a packet through both, and the answer in words.

use portreeve_firewall::answer::{answer, infer};
use portreeve_firewall::packet::parse;
use portreeve_firewall::read::snapshot;
use portreeve_firewall::simulate::{Options, Simulator};

/// Packets that go different ways through a host of the seeds.
const PACKETS: [&str; 4] = [
    "from 198.51.100.7 to 192.0.2.10 tcp dport 8443",
    "from 2001:db8:1::7 to 2001:db8::10 ping",
    "out to 203.0.113.5 udp dport 53",
    "from 10.0.0.9 to 203.0.113.5 tcp dport 443 reply",
];

/// Reads a snapshot and asks it.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(firewall) = snapshot::from_text(text) else { return };
    let (ruleset, _) = firewall.ruleset();
    let simulator = Simulator::new(&ruleset, &firewall.network);
    let options = Options { budget: 256, ..Options::default() };
    for packet in PACKETS {
        let Ok(asked) = parse(packet, &|_, _| None) else { continue };
        let Ok(inferred) = infer(asked, &firewall.network) else { continue };
        let Ok(simulation) = simulator.run(&inferred.question, &options) else { continue };
        let answer = answer(&ruleset, &firewall.network, &inferred.question, inferred.how, &simulation);
        assert_eq!(answer.outcomes.len(), simulation.outcomes.len());
    }
}
