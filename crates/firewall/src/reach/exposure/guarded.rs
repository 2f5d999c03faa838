//! Which accept rules decide: those behind which something could deny.
//!
//! Judged by where rules stand, not by what they match: a rule is passed over only where nothing behind it in its base chain can deny
//! any packet at all.

use crate::ir::{Chain, ChainId, Data, DataKind, Nat, NatKind, Policy, Rule, Ruleset, Statement, Verdict};

/// By chain: what could deny behind a rule.
#[derive(Debug, Clone)]
pub(super) struct Guarded {
    /// The last rule that can deny, or that leads to one.
    last: Vec<Option<usize>>,
    /// Something can deny behind the chain's end.
    behind: Vec<bool>,
}

impl Guarded {
    pub(super) fn new(ruleset: &Ruleset) -> Self {
        let steps: Vec<Vec<Step>> = ruleset
            .chains
            .iter()
            .map(|chain| chain.rules.iter().map(|rule| step(ruleset, rule)).collect())
            .collect();
        let denying = denying(&steps);
        let leads = |to: &ChainId| at(*to).and_then(|to| denying.get(to)).copied().unwrap_or(false);
        let can = |step: &Step| step.denies || step.to.iter().any(leads);
        let last: Vec<_> = steps.iter().map(|steps| steps.iter().rposition(can)).collect();
        let behind = behind(&ruleset.chains, &steps, &last);
        Self { last, behind }
    }

    /// Whether a packet that the rule at this place lets go on unaccepted could be denied behind it in its base chain.
    pub(super) fn holds(&self, chain: ChainId, rule: usize) -> bool {
        let Some(at) = at(chain) else { return false };
        self.last.get(at).copied().flatten().is_some_and(|last| last > rule)
            || self.behind.get(at).copied().unwrap_or(false)
    }
}

/// Whether the rule translates destinations.
pub(super) fn translates_destination(rule: &Rule) -> bool {
    let destination = |nat: &Nat| matches!(nat.kind, NatKind::Dnat | NatKind::Redirect);
    rule.statements.iter().any(|statement| matches!(statement, Statement::Nat(nat) if destination(nat)))
}

/// What a rule can do, as far as it matters here.
struct Step {
    denies: bool,
    to: Vec<ChainId>,
}

fn step(ruleset: &Ruleset, rule: &Rule) -> Step {
    let mut step = Step { denies: false, to: Vec::new() };
    for statement in &rule.statements {
        match statement {
            Statement::Verdict(verdict) => step.take(verdict),
            Statement::VerdictMap { map, .. } => {
                let Some(map) = ruleset.set(*map).filter(|map| map.data == DataKind::Verdict) else {
                    continue;
                };
                for element in &map.elements {
                    if let Data::Verdict(verdict) = &element.data {
                        step.take(verdict);
                    }
                }
            }
            Statement::Reject(_) | Statement::Synproxy | Statement::Unknown(_) => step.denies = true,
            Statement::Tproxy { xtables, .. } => step.denies |= *xtables,
            _ => {}
        }
    }
    step
}

impl Step {
    fn take(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Drop | Verdict::Queue { .. } => self.denies = true,
            Verdict::Jump(to) | Verdict::Goto(to) => {
                if !self.to.contains(to) {
                    self.to.push(*to);
                }
            }
            Verdict::Accept | Verdict::Return | Verdict::Continue => {}
        }
    }
}

/// Which chains hold, or lead to, a rule that denies.
fn denying(steps: &[Vec<Step>]) -> Vec<bool> {
    let mut denying: Vec<bool> = steps.iter().map(|steps| steps.iter().any(|step| step.denies)).collect();
    loop {
        let next: Vec<bool> = steps
            .iter()
            .zip(&denying)
            .map(|(steps, already)| {
                let leads = |to: &ChainId| at(*to).and_then(|to| denying.get(to)).copied().unwrap_or(false);
                *already || steps.iter().flat_map(|step| &step.to).any(leads)
            })
            .collect();
        if next == denying {
            return denying;
        }
        denying = next;
    }
}

/// For each chain whether something can deny where it ends: its policy, or what stands behind a rule that leads to it.
fn behind(chains: &[Chain], steps: &[Vec<Step>], last: &[Option<usize>]) -> Vec<bool> {
    let policy = |chain: &Chain| chain.base.as_ref().is_some_and(|base| base.policy == Policy::Drop);
    let mut behind: Vec<bool> = chains.iter().map(policy).collect();
    loop {
        let mut changed = false;
        for (caller, steps) in steps.iter().enumerate() {
            let after_caller = behind.get(caller).copied().unwrap_or(false);
            let last = last.get(caller).copied().flatten();
            for (rule, step) in steps.iter().enumerate() {
                if !after_caller && last.is_none_or(|last| last <= rule) {
                    continue;
                }
                for to in step.to.iter().filter_map(|to| at(*to)) {
                    if let Some(slot) = behind.get_mut(to)
                        && !*slot
                    {
                        *slot = true;
                        changed = true;
                    }
                }
            }
        }
        if !changed {
            return behind;
        }
    }
}

fn at(chain: ChainId) -> Option<usize> {
    usize::try_from(chain.0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Backend, Version};
    use crate::read::xtables::{IpSets, read_save};

    fn guarded(text: &str) -> (Ruleset, Guarded) {
        let ruleset = read_save(text, Version::V4, Backend::IptablesLegacy, &IpSets::default()).unwrap();
        let guarded = Guarded::new(&ruleset);
        (ruleset, guarded)
    }

    fn chain(ruleset: &Ruleset, name: &str) -> ChainId {
        ChainId(u32::try_from(ruleset.chains.iter().position(|chain| chain.name == name).unwrap()).unwrap())
    }

    #[test]
    fn an_accept_decides_where_something_behind_it_could_deny() {
        let (ruleset, guarded) = guarded(
            "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:A - [0:0]\n:B - [0:0]\n:C - [0:0]\n\
             -A INPUT -p tcp -j ACCEPT\n-A INPUT -s 192.0.2.1/32 -j A\n-A INPUT -p udp -j C\n-A INPUT -p icmp -j ACCEPT\n\
             -A A -p tcp -j ACCEPT\n-A B -j DROP\n-A C -j B\n\
             -A FORWARD -p tcp -j ACCEPT\nCOMMIT\n",
        );
        let (input, forward, a) =
            (chain(&ruleset, "INPUT"), chain(&ruleset, "FORWARD"), chain(&ruleset, "A"));
        // The chain C leads to a rule that drops.
        assert!(guarded.holds(input, 0));
        assert!(!guarded.holds(input, 3));
        // Behind the jump to A stands the jump to C.
        assert!(guarded.holds(a, 0));
        // The policy drops.
        assert!(guarded.holds(forward, 0));
    }
}
