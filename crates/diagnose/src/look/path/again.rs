//! What moves while it is looked: counters of routing, counters of rules, neighbours.

use portreeve_firewall::read::{Programs, live};
use portreeve_model::reach::Answer;
use portreeve_wire::proc::counters as parse;

use super::{OnwardFacts, neighbours};
use crate::facts::PathFacts;
use crate::facts::path::{Flow, IpCounters, State};

/// Reads again, after the trials, what may have moved meanwhile.
pub(crate) fn look_again(facts: &mut PathFacts, onward: OnwardFacts) {
    if let Some((_, after)) = &mut facts.counters {
        *after = counters();
    }
    facts.onward = onward.onward;
    facts.neighbours = neighbours::read(&facts.network);
    for (interface, address) in onward.asked {
        let asked =
            facts.neighbours.iter_mut().find(|one| one.interface == interface && one.address == address);
        if let Some(neighbour) = asked {
            neighbour.asked = true;
        }
    }
    if facts.flows.iter().any(hangs_on_rules) {
        facts.counted = counted(facts);
    }
}

/// Counters of the calling thread's network namespace. What is not there counts 0.
pub(super) fn counters() -> IpCounters {
    let mut found = IpCounters::default();
    for file in ["snmp", "netstat"] {
        let text = std::fs::read_to_string(format!("/proc/thread-self/net/{file}")).unwrap_or_default();
        for counter in parse(&text) {
            match (counter.group, counter.name) {
                ("TcpExt" | "IpExt", "IPReversePathFilter") => found.reverse_path_filter = counter.value,
                ("Ip", "OutNoRoutes") => found.out_no_routes = counter.value,
                ("Ip", "InAddrErrors") => found.in_addr_errors = counter.value,
                _ => {}
            }
        }
    }
    found
}

/// Whether what becomes of its packets hangs on a memory that counters of rules tell of.
fn hangs_on_rules(flow: &Flow) -> bool {
    let depends = |answer: &Answer| crate::facts::path::state(answer) == State::Depends;
    depends(&flow.there) || flow.is_tracked()
}

/// By how much the counters of rules grew since the rules were read.
fn counted(facts: &PathFacts) -> Vec<(String, u64)> {
    let Some(before) = &facts.ruleset else { return Vec::new() };
    let counts =
        before.chains.iter().flat_map(|chain| &chain.rules).any(|rule| rule.origin.counters.is_some());
    if !counts {
        return Vec::new();
    }
    let (after, _) = live::read(&Programs::default()).ruleset();
    let mut grown = Vec::new();
    for chain in &after.chains {
        let same = before.chains.iter().find(|other| {
            (other.backend, other.family, &other.table, &other.name)
                == (chain.backend, chain.family, &chain.table, &chain.name)
        });
        let Some(same) = same else { continue };
        for (rule, old) in chain.rules.iter().zip(&same.rules) {
            let (Some(new), Some(counted)) = (rule.origin.counters, old.origin.counters) else { continue };
            if without_counters(&rule.text) == without_counters(&old.text) && new.packets > counted.packets {
                let place = format!(
                    "{} {} {} {}",
                    chain.family.name(),
                    chain.table,
                    chain.name,
                    rule.origin.position
                );
                grown.push((place, new.packets - counted.packets));
            }
        }
    }
    grown
}

/// A rule's text without what it counted: `counter packets 3 bytes 180`.
fn without_counters(text: &str) -> String {
    let mut words = text.split_whitespace();
    let mut kept: Vec<&str> = Vec::new();
    while let Some(word) = words.next() {
        if matches!(word, "packets" | "bytes") && kept.last() == Some(&"counter") {
            let _number = words.next();
        } else {
            kept.push(word);
        }
    }
    kept.join(" ")
}

#[cfg(test)]
mod tests {
    use super::without_counters;

    #[test]
    fn counters_are_no_part_of_a_rule() {
        assert_eq!(
            without_counters("tcp dport 80 counter packets 3 bytes 180 drop"),
            "tcp dport 80 counter drop"
        );
        assert_eq!(without_counters("ct packets > 3 drop"), "ct packets > 3 drop");
    }
}
