//! Random rulesets and packets. Everything follows from a seed.

mod elements;
mod fields;
mod host;
mod nft;
mod packets;
mod pool;
mod random;
mod statements;
mod xtables;

pub(crate) use random::Random;

use crate::packet::Packet;
use crate::ruleset::Ruleset;

/// A ruleset and packets for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) seed: u64,
    pub(crate) ruleset: Ruleset,
    pub(crate) packets: Vec<Packet>,
}

/// What turns connection tracking on.
const TRACKING: &[&str] = &[
    "nat",
    "ct state",
    "ct status",
    "ct mark",
    "ct direction",
    "ct l3proto",
    "ct protocol",
    "ct address",
    "ct port",
    "ct zone",
    "ct helper",
    "ct expiration",
    "ct counters",
    "ct label",
    "ct label set",
    "ct zone set",
    "ct count",
    "set ct mark",
    "mark from ct mark",
    "synproxy",
    "xt conntrack state",
    "xt conntrack nat state",
    "xt conntrack other",
    "xt state",
    "xt connmark",
    "xt CONNMARK",
    "xt connlimit",
    "xt connbytes",
];

/// The case of a seed. `lacking` are constructs that this kernel does not have.
pub(crate) fn case(seed: u64, packets: usize, lacking: &[&'static str]) -> Case {
    let mut random = Random::new(seed);
    let mut ruleset = Ruleset { host: host::settings(&mut random), ..Ruleset::default() };
    let mut next_rule = 1;
    let stateful = random.percent(20);
    // Without connection tracking, parts of packets come by.
    let plain: Vec<&'static str> = lacking.iter().chain(TRACKING).copied().collect();
    let lacking = if random.percent(14) { plain.as_slice() } else { lacking };
    let xtables = random.percent(45);
    let tables = if xtables { random.between(0, 2) } else { random.between(1, 3) };
    for number in 0..tables {
        ruleset.tables.push(nft::table(number, &mut random, &mut next_rule, lacking, stateful));
    }
    if xtables {
        xtables::add(&mut ruleset, &mut random, &mut next_rule, lacking, stateful);
    }
    let taste = packets::Taste::of(&ruleset);
    let packets = (0..packets).map(|_| packets::packet(&mut random, &taste)).collect();
    Case { seed, ruleset, packets }
}
