//! Which constructs were generated, and which of them matched a packet.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use crate::ruleset::Ruleset;

/// Counts for every construct.
#[derive(Debug, Clone, Default)]
pub(crate) struct Coverage {
    /// Rules that have it, and packets that such a rule matched.
    counts: BTreeMap<&'static str, (u64, u64)>,
}

impl Coverage {
    /// Counts a ruleset and, for each packet, the rules that matched it.
    pub(crate) fn count(&mut self, ruleset: &Ruleset, matched: &[HashSet<u32>]) {
        let mut rules: HashMap<u32, &[&'static str]> = HashMap::new();
        for rule in ruleset.rules() {
            rules.insert(rule.id, &rule.constructs);
            for construct in &rule.constructs {
                self.counts.entry(construct).or_default().0 += 1;
            }
        }
        for id in matched.iter().flatten() {
            for construct in rules.get(id).copied().unwrap_or_default() {
                self.counts.entry(construct).or_default().1 += 1;
            }
        }
    }

    /// Adds what another worker counted.
    pub(crate) fn add(&mut self, other: &Self) {
        for (construct, (rules, matches)) in &other.counts {
            let sum = self.counts.entry(construct).or_default();
            sum.0 += rules;
            sum.1 += matches;
        }
    }

    /// The table, one construct a line.
    pub(crate) fn table(&self) -> String {
        let mut text = format!("{:<34} {:>8} {:>9}\n", "construct", "rules", "matches");
        for (construct, (rules, matches)) in &self.counts {
            let _ = writeln!(text, "{construct:<34} {rules:>8} {matches:>9}");
        }
        text
    }

    /// Constructs that matched no packet.
    pub(crate) fn empty(&self) -> Vec<&'static str> {
        self.counts
            .iter()
            .filter(|(_, (_, matches))| *matches == 0)
            .map(|(construct, _)| *construct)
            .collect()
    }
}
