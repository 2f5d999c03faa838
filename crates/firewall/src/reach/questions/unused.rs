//! Rules that counted no packet.
//!
//! Refuses to say that such a rule can go: that a rule counted nothing says what came, not what may come.

use portreeve_model::rules::{IdleRule, Idleness};

use super::Idle;
use crate::answer::Names;
use crate::ir::{ChainId, Passive, Rule, Ruleset, Statement};
use crate::network::Network;

const ZERO: &str = "it counted no packet since its counter was last at zero";
const SINCE: &str = "The kernel does not tell since when a counter counts: it begins at zero when the rule is loaded, which for most \
                     software is at every reload, and when somebody sets it back.";

/// Every rule that counts and has counted nothing, and apart from them (undecided) the rules that do not count.
pub fn unused(ruleset: &Ruleset) -> Idle {
    let network = Network::default();
    let names = Names { ruleset, network: &network };
    let mut answer = Idle::default();
    let mut dormant = 0_usize;
    for (id, chain) in (0..).map(ChainId).zip(&ruleset.chains) {
        if chain.dormant {
            dormant += chain.rules.len();
            continue;
        }
        for (index, rule) in chain.rules.iter().enumerate() {
            answer.checked += 1;
            let (idle, statement, remedy) = match rule.origin.counters {
                Some(counters) if counters.packets > 0 => continue,
                Some(_) => (Idleness::Idle, ZERO, None),
                None if counts_elsewhere(rule) => {
                    (Idleness::Undecided, "it counts in a named counter, which other rules may share", None)
                }
                None => (Idleness::Undecided, "it does not count", Some(how_to_count())),
            };
            answer.rules.push(IdleRule {
                rule: *names.rule(id, index),
                idle,
                statement: statement.to_owned(),
                by: Vec::new(),
                more_by: 0,
                causes: Vec::new(),
                witness: None,
                remedy,
            });
        }
    }
    if answer.rules.iter().any(|rule| rule.idle == Idleness::Idle) {
        answer.notes.push(SINCE.to_owned());
    }
    if dormant > 0 {
        answer
            .notes
            .push(format!("{dormant} rules of dormant tables are not run at all, and were not asked about."));
    }
    answer.in_order()
}

/// A counter that is an object of its own is printed as one, and its numbers stand elsewhere.
fn counts_elsewhere(rule: &Rule) -> bool {
    rule.statements.iter().any(|statement| matches!(statement, Statement::Passive(Passive::Counter)))
}

fn how_to_count() -> String {
    "add `counter` to the rule to see whether packets match it".to_owned()
}

#[cfg(test)]
mod tests {
    use super::unused;
    use crate::reach::questions::scene;
    use portreeve_model::rules::Idleness;

    #[test]
    fn rules_that_counted_nothing_stand_before_those_that_do_not_count() {
        let ruleset = scene::iptables(
            "*filter\n:INPUT ACCEPT [0:0]\n[7:420] -A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -p udp -j ACCEPT\n\
             [0:0] -A INPUT -p tcp --dport 23 -j DROP\nCOMMIT\n",
        );
        let answer = unused(&ruleset);
        assert_eq!(answer.checked, 3);
        let told: Vec<_> = answer.rules.iter().map(|idle| (idle.rule.position, idle.idle)).collect();
        assert_eq!(told, [(3, Idleness::Idle), (2, Idleness::Undecided)]);
        assert!(answer.rules[0].statement.contains("counted no packet"), "{:?}", answer.rules[0]);
        assert!(answer.notes[0].contains("does not tell since when"), "{:?}", answer.notes);
        assert!(answer.rules[1].statement.contains("does not count"));
    }
}
