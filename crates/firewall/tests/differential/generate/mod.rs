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

/// The case of a seed. `lacking` are constructs that this kernel does not have.
pub(crate) fn case(seed: u64, packets: usize, lacking: &[&'static str]) -> Case {
    let mut random = Random::new(seed);
    let mut ruleset = Ruleset { host: host::settings(&mut random), ..Ruleset::default() };
    let mut next_rule = 1;
    let stateful = random.percent(20);
    let xtables = random.percent(45);
    let tables = if xtables { random.between(0, 2) } else { random.between(1, 3) };
    for number in 0..tables {
        ruleset.tables.push(nft::table(number, &mut random, &mut next_rule, lacking, stateful));
    }
    if xtables {
        xtables::add(&mut ruleset, &mut random, &mut next_rule, lacking, stateful);
    }
    // Where options change, `synproxy` finds the header's checksum wrong, which the kernel corrects later only.
    let options = !ruleset.rules().any(|rule| rule.constructs.contains(&"synproxy"));
    let packets = (0..packets).map(|_| packets::packet(&mut random, options)).collect();
    Case { seed, ruleset, packets }
}
