//! Policy rules (`fib_rules_lookup` and `fib_rule_match` in `net/core/fib_rules.c`, `fib4_rule_match`, `fib6_rule_match`).

use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use super::device::Device;
use super::flow::{Flow, LOOPBACK};
use super::outcome::Uncertain;
use crate::network::{PortMatch, Rule, RuleAction};

/// The rules of one family, in order.
#[derive(Debug)]
pub(super) struct Policy {
    rules: Vec<Entry>,
    /// Some rule looks at protocol or ports (`fib_rules_require_fldissect`); only then does the kernel find them in packets that
    /// came in.
    dissects: bool,
}

#[derive(Debug)]
struct Entry {
    rule: Rule,
    iif: Match,
    oif: Match,
    /// Position of the rule that a goto leads to.
    target: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    Any,
    Is(u32),
    /// The interface does not exist (`FIB_RULE_IIF_DETACHED`).
    Never,
}

/// What a rule that matched says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Lookup(u32),
    Blackhole,
    Unreachable,
    Prohibit,
}

impl Policy {
    pub(super) fn new<'a>(rules: impl Iterator<Item = &'a Rule>, devices: &FxHashMap<u32, Device>) -> Self {
        let mut rules: Vec<&Rule> = rules.collect();
        rules.sort_by_key(|rule| rule.priority);
        let index = |name: &Option<String>| match name {
            None => Match::Any,
            Some(name) => devices
                .values()
                .find(|device| device.name == *name)
                .map_or(Match::Never, |device| Match::Is(device.index)),
        };
        let entries: Vec<Entry> = rules
            .iter()
            .map(|rule| Entry {
                iif: index(&rule.iif),
                oif: index(&rule.oif),
                target: match rule.action {
                    RuleAction::Goto { priority } => {
                        rules.iter().position(|other| other.priority == priority)
                    }
                    _ => None,
                },
                rule: (*rule).clone(),
            })
            .collect();
        // fib_rule_requires_fldissect: rules for this machine's own packets do not count.
        let dissects = entries.iter().any(|entry| {
            let rule = &entry.rule;
            entry.iif != Match::Is(LOOPBACK)
                && (rule.protocol.is_some() || rule.source_port.is_some() || rule.destination_port.is_some())
        });
        Self { rules: entries, dissects }
    }

    /// Whether lookups for packets that came in know protocol and ports.
    pub(super) const fn dissects(&self) -> bool {
        self.dissects
    }

    /// Whether the rules are those every namespace begins with: `local`, `main` and, for IPv4, `default`.
    pub(super) fn is_default(&self, tables: &[(u32, u32)]) -> bool {
        self.rules.len() == tables.len()
            && self.rules.iter().zip(tables).all(|(entry, (priority, table))| {
                let plain = Rule {
                    priority: *priority,
                    action: RuleAction::Lookup { table: *table },
                    ..Rule::any(entry.rule.ipv6)
                };
                entry.rule == plain
            })
    }

    /// Asks each rule that matches, in order, until one breaks. `ask` gets the action and the rule, and says `Continue` where
    /// nothing was found there.
    pub(super) fn walk<T>(
        &self,
        flow: &Flow,
        device: impl Fn(u32) -> Option<bool>,
        tunnel: bool,
        mut ask: impl FnMut(Action, &Rule) -> Result<ControlFlow<T>, Uncertain>,
    ) -> Result<Option<T>, Uncertain> {
        let mut position = 0;
        while let Some(entry) = self.rules.get(position) {
            position += 1;
            if !entry.matches(flow, &device, tunnel)? {
                continue;
            }
            let action = match entry.rule.action {
                // A goto only ever leads forward; one whose target is not there yet is passed over.
                RuleAction::Goto { .. } => {
                    if let Some(target) = entry.target.filter(|target| *target >= position) {
                        position = target;
                    }
                    continue;
                }
                RuleAction::Nop => continue,
                RuleAction::Lookup { table } => Action::Lookup(table),
                RuleAction::Unreachable => Action::Unreachable,
                RuleAction::Prohibit => Action::Prohibit,
                RuleAction::Blackhole | RuleAction::Other(_) => Action::Blackhole,
            };
            if let ControlFlow::Break(answer) = ask(action, &entry.rule)? {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }
}

impl Entry {
    /// `fib_rule_match`. `in_vrf` says of an interface whether it belongs to a VRF.
    fn matches(
        &self,
        flow: &Flow,
        in_vrf: impl Fn(u32) -> Option<bool>,
        tunnel: bool,
    ) -> Result<bool, Uncertain> {
        let rule = &self.rule;
        let unknown = || Uncertain::Rule { rule: rule.priority };
        if !rule.not_understood.is_empty() {
            return Err(unknown());
        }
        // A match that is known to fail decides, whatever the unknown ones would say.
        if !self.known_parts_match(flow) {
            return Ok(rule.invert);
        }
        if rule.l3mdev {
            // l3mdev_fib_rule_match: only flows of a VRF match.
            for index in [flow.iif, flow.oif] {
                if index != 0 && in_vrf(index) == Some(true) {
                    return Err(Uncertain::Vrf { interface: index });
                }
            }
            return Ok(rule.invert);
        }
        if rule.tunnel.is_some_and(|id| id != 0) {
            if tunnel {
                return Err(unknown());
            }
            return Ok(rule.invert);
        }
        if rule.flow_label.is_some_and(|(_, mask)| mask != 0) {
            return Err(unknown());
        }
        if let Some((first, last)) = rule.users {
            let Some(uid) = flow.uid else { return Err(Uncertain::User { rule: rule.priority }) };
            if !(first..=last).contains(&uid) {
                return Ok(rule.invert);
            }
        }
        Ok(!rule.invert)
    }

    fn known_parts_match(&self, flow: &Flow) -> bool {
        let rule = &self.rule;
        let interface = |wanted: Match, index: u32| match wanted {
            Match::Any => true,
            Match::Is(wanted) => wanted == index,
            Match::Never => false,
        };
        let tos = |tos: u8| tos == 0 || tos == if rule.ipv6 { flow.dscp() } else { flow.masked_tos() };
        // fib6_rule_match: without a source, a rule for sources does not match.
        let source = |flow: &Flow| {
            rule.from.is_none_or(|from| {
                (flow.has_source || !rule.ipv6 || from.is_all()) && from.contains(flow.source)
            })
        };
        interface(self.iif, flow.iif)
            && interface(self.oif, flow.oif)
            && rule.mark.is_none_or(|(mark, mask)| (mark ^ flow.mark) & mask == 0)
            && source(flow)
            && rule.to.is_none_or(|to| to.contains(flow.destination))
            && rule.dscp.map_or_else(|| tos(rule.tos), |(dscp, mask)| (dscp ^ (flow.dscp() >> 2)) & mask == 0)
            && rule.protocol.is_none_or(|protocol| protocol == flow.protocol)
            && rule.source_port.is_none_or(|ports| ports.contains(flow.source_port))
            && rule.destination_port.is_none_or(|ports| ports.contains(flow.destination_port))
    }
}

impl PortMatch {
    /// `fib_rule_port_match`.
    const fn contains(self, port: u16) -> bool {
        match self {
            Self::Range(first, last) => first <= port && port <= last,
            Self::Masked(value, mask) => (value ^ port) & mask == 0,
        }
    }
}
