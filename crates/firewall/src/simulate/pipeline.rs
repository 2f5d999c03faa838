//! What runs at each hook, in which order: base chains of all tables, and the kernel's own work between them.
//!
//! `nf_hook_entries_grow` (`net/netfilter/core.c`) sorts by priority, and puts a hook before those of the same priority that
//! were registered earlier. Chains of type nat do not hang at their own priority but inside the kernel's nat hook
//! (`nf_nat_register_fn`, `net/netfilter/nf_nat_core.c`); among each other they are ordered the same way.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::state::Layer;
use crate::ir::{
    Base, ChainId, ChainKind, Condition, Expression, Family, Field, Hook, Meta, Passive, Rule, Ruleset,
    StateKind, Statement, Version, Writable, priority,
};
use crate::network::Interface;

/// One thing that runs at a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// A base chain.
    Chain(ChainId),
    /// Fragments are held back until they are complete (`nf_defrag_ipv4`, `nf_defrag_ipv6`).
    Defrag,
    /// The connection is looked up (`nf_conntrack_in`).
    Conntrack,
    /// The hooks of IP are asked on behalf of the bridge (`br_netfilter`).
    BridgedIp,
    /// Addresses are translated; the chains are asked in order (`nf_nat_inet_fn`).
    Nat(Vec<ChainId>),
}

/// All pipelines of a ruleset.
#[derive(Debug, Default)]
pub(super) struct Pipelines {
    ip: FxHashMap<(Version, Hook), Vec<Entry>>,
    bridge: FxHashMap<Hook, Vec<Entry>>,
    device: FxHashMap<(u32, Hook, Version), Vec<Entry>>,
}

/// The place of an entry among others: by priority, then the later registered first.
type Rank = (i32, Reverse<usize>);

impl Pipelines {
    pub(super) fn new(ruleset: &Ruleset, interfaces: &[Interface]) -> Self {
        let mut this = Self::default();
        for version in [Version::V4, Version::V6] {
            let tracked = tracks(ruleset, version);
            for hook in [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting] {
                this.ip.insert((version, hook), ip(ruleset, version, hook, tracked));
            }
        }
        for hook in [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting] {
            let wanted = |family: Family, at: Hook| family == Family::Bridge && at == hook;
            let mut ranked = ranks(ruleset, wanted, |_| true);
            // `br_nf_ops` (`net/bridge/br_netfilter_hooks.c`), registered before any chain.
            match hook {
                Hook::Prerouting | Hook::Forward => ranked.push(((0, Reverse(0)), Entry::BridgedIp)),
                Hook::Postrouting => ranked.push(((i32::MAX, Reverse(0)), Entry::BridgedIp)),
                _ => {}
            }
            this.bridge.insert(hook, finish(ranked));
        }
        this.devices(ruleset, interfaces);
        this
    }

    fn devices(&mut self, ruleset: &Ruleset, interfaces: &[Interface]) {
        let bound = |base: &Base| !base.devices.is_empty();
        if !ruleset.chains.iter().filter_map(|chain| chain.base.as_ref()).any(bound) {
            return;
        }
        for interface in interfaces {
            let here = |devices: &[String]| devices.iter().any(|device| is_bound(device, &interface.name));
            for hook in [Hook::Ingress, Hook::Egress] {
                for version in [Version::V4, Version::V6] {
                    let wanted = |family: Family, at: Hook| {
                        at == hook
                            && (family == Family::Netdev
                                || (family == Family::Inet && family.covers(version)))
                    };
                    let entries = chains(ruleset, wanted, here);
                    if !entries.is_empty() {
                        self.device.insert((interface.index, hook, version), entries);
                    }
                }
            }
        }
    }

    /// What runs at a hook; `device` is the index of the interface where the layer is the device.
    pub(super) fn at(&self, layer: Layer, hook: Hook, version: Version, device: Option<u32>) -> &[Entry] {
        match layer {
            Layer::Ip => self.ip.get(&(version, hook)),
            Layer::Bridge => self.bridge.get(&hook),
            Layer::Device => device.and_then(|index| self.device.get(&(index, hook, version))),
        }
        .map_or(&[], Vec::as_slice)
    }

    /// Whether chains hang at a device.
    pub(super) fn watches(&self, device: u32) -> bool {
        self.device.keys().any(|(index, hook, _)| *index == device && *hook == Hook::Egress)
    }

    /// Whether any chain hangs in the bridge.
    pub(super) fn has_bridge(&self) -> bool {
        self.bridge.values().flatten().any(|entry| matches!(entry, Entry::Chain(_)))
    }
}

/// Whether a chain bound to `device` hangs at an interface; a name may end with `*` (`nft_netdev_hook`, Linux 6.16).
fn is_bound(device: &str, interface: &str) -> bool {
    match device.strip_suffix('*') {
        Some(prefix) => interface.starts_with(prefix),
        None => device == interface,
    }
}

/// Base chains that are wanted, in their order.
fn chains(
    ruleset: &Ruleset,
    wanted: impl Fn(Family, Hook) -> bool,
    device: impl Fn(&[String]) -> bool,
) -> Vec<Entry> {
    finish(ranks(ruleset, wanted, device))
}

fn ranks(
    ruleset: &Ruleset,
    wanted: impl Fn(Family, Hook) -> bool,
    device: impl Fn(&[String]) -> bool,
) -> Vec<(Rank, Entry)> {
    let mut ranked: Vec<(Rank, Entry)> = Vec::new();
    for (at, chain) in ruleset.chains.iter().enumerate().filter(|(_, chain)| !chain.dormant) {
        let Some(base) =
            chain.base.as_ref().filter(|base| wanted(chain.family, base.hook) && device(&base.devices))
        else {
            continue;
        };
        ranked.push(((base.priority, Reverse(at)), Entry::Chain(id(at))));
    }
    ranked
}

fn ip(ruleset: &Ruleset, version: Version, hook: Hook, tracked: bool) -> Vec<Entry> {
    let mut ranked: Vec<(Rank, Entry)> = Vec::new();
    let mut nat: Vec<(Rank, ChainId)> = Vec::new();
    let mut translates = None;
    for (at, chain) in ruleset.chains.iter().enumerate().filter(|(_, chain)| !chain.dormant) {
        let Some(base) = chain.base.as_ref().filter(|_| chain.family.covers(version)) else { continue };
        let rank = (base.priority, Reverse(at));
        if base.kind == ChainKind::Nat {
            // One nat chain at any hook registers the kernel's nat work at all four (`nf_nat_ipv4_ops`).
            translates.get_or_insert(at);
            if base.hook == hook {
                nat.push((rank, id(at)));
            }
        } else if base.hook == hook {
            ranked.push((rank, Entry::Chain(id(at))));
        }
    }
    if matches!(hook, Hook::Prerouting | Hook::Output) && (tracked || collects_fragments(ruleset, version)) {
        ranked.push(((priority::DEFRAG, Reverse(usize::MAX)), Entry::Defrag));
    }
    if tracked && matches!(hook, Hook::Prerouting | Hook::Output) {
        // Registered when the first rule that needs it is made, after the chains.
        ranked.push(((priority::CONNTRACK, Reverse(usize::MAX)), Entry::Conntrack));
    }
    let at = match hook {
        Hook::Prerouting | Hook::Output => Some(priority::NAT_DST),
        Hook::Input | Hook::Postrouting => Some(priority::NAT_SRC),
        _ => None,
    };
    if let (Some(at), Some(first)) = (at, translates) {
        nat.sort_by_key(|(rank, _)| *rank);
        ranked.push(((at, Reverse(first)), Entry::Nat(nat.into_iter().map(|(_, chain)| chain).collect())));
    }
    finish(ranked)
}

fn finish(mut ranked: Vec<(Rank, Entry)>) -> Vec<Entry> {
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, entry)| entry).collect()
}

fn id(at: usize) -> ChainId {
    ChainId(u32::try_from(at).unwrap_or(u32::MAX))
}

/// Whether connections are tracked: the kernel registers its hooks when a rule asks for them (`nf_ct_netns_get`).
pub(crate) fn tracks(ruleset: &Ruleset, version: Version) -> bool {
    let relevant = ruleset.chains.iter().filter(|chain| chain.family.covers(version));
    let mut rules = relevant.flat_map(|chain| &chain.rules);
    ruleset.trackers.iter().any(|family| family.covers(version))
        || rules.any(|rule| rule.statements.iter().any(|statement| uses_conntrack(statement, version)))
}

/// Whether a rule other than those that track connections asks for whole packets (`nf_defrag_ipv4_enable` in `nft_tproxy.c`,
/// `xt_TPROXY.c`, `xt_socket.c`, `nft_socket.c`).
pub(crate) fn collects_fragments(ruleset: &Ruleset, version: Version) -> bool {
    let relevant = ruleset.chains.iter().filter(|chain| chain.family.covers(version));
    relevant.flat_map(|chain| &chain.rules).any(|rule| {
        rule.statements.iter().any(|statement| match statement {
            Statement::Tproxy { .. } => !is_only_for_other(rule, version),
            Statement::State(test) => test.kind == StateKind::Socket && test.text.contains("socket"),
            _ => false,
        })
    })
}

/// Whether a rule says that it is for packets of the other version.
fn is_only_for_other(rule: &Rule, version: Version) -> bool {
    let other = match version {
        Version::V4 => 10,
        Version::V6 => 2,
    };
    let protocol = Expression::Field(Field::Meta(Meta::NfProtocol));
    let says = Condition::equal(protocol, other);
    rule.statements
        .iter()
        .any(|statement| matches!(statement, Statement::Match(condition) if *condition == says))
}

fn uses_conntrack(statement: &Statement, version: Version) -> bool {
    match statement {
        Statement::Match(condition) => condition_uses(condition),
        Statement::State(test) => test.kind == StateKind::ConnectionCount || test.text.contains("connbytes"),
        // `nft_nat_init` asks for the family it translates to only.
        Statement::Nat(nat) => nat.version.is_none_or(|wanted| wanted == version),
        Statement::Synproxy
        | Statement::Offload { .. }
        | Statement::Assign { target: Writable::Conntrack(_), .. }
        | Statement::Passive(Passive::Helper(_)) => true,
        Statement::Assign { value, .. } => expression_uses(value),
        Statement::VerdictMap { key, .. } => expression_uses(key),
        Statement::Update { key, tests, .. } => {
            expression_uses(key) || tests.iter().any(|test| test.kind == StateKind::ConnectionCount)
        }
        // Not to track asks for nothing (`nft_notrack`, `xt_ct_tg_check`).
        _ => false,
    }
}

fn condition_uses(condition: &Condition) -> bool {
    match condition {
        Condition::Compare { left, right, .. } => expression_uses(left) || expression_uses(right),
        Condition::Range { value, .. } => expression_uses(value),
        Condition::Lookup { key, .. } => expression_uses(key),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(condition_uses),
        Condition::Not(inner) => condition_uses(inner),
        Condition::Unknown(_) => false,
    }
}

fn expression_uses(expression: &Expression) -> bool {
    match expression {
        Expression::Field(field) => matches!(field, Field::Conntrack(..)),
        Expression::Operation(_, left, right) => expression_uses(left) || expression_uses(right),
        Expression::Concatenation(parts) => parts.iter().any(expression_uses),
        Expression::Map { key, .. } => expression_uses(key),
        Expression::Constant(_) | Expression::Generated { .. } | Expression::Unknown(_) => false,
    }
}
