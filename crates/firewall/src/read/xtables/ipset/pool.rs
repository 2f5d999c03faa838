//! The sets that rules name: their conditions, keys, and the sets themselves for the ruleset.

use rustc_hash::FxHashMap;

use crate::ir::{Condition, DataKind, Expression, Family, Interval, Key, Meta, Payload, Set, SetId, Version};

use super::super::fields::{address, constant, meta, payload};
use super::super::matches::link;
use super::super::values;
use super::kind::{self, Part};
use super::save::{IpSet, IpSets};

/// Protocols whose first four bytes are ports to an ipset (`net/netfilter/ipset/ip_set_getport.c`: `get_port`).
const WITH_PORTS: [u8; 4] = [6, 17, 132, 136];
/// Those whose type and code are.
const WITH_TYPES: [u8; 2] = [1, 58];

/// Sets named by rules so far.
pub(in super::super) struct SetPool<'a> {
    known: &'a IpSets,
    version: Version,
    used: FxHashMap<(String, bool), SetId>,
    sets: Vec<Set>,
}

/// `src` or `dst` for each part, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum End {
    Source,
    Destination,
}

/// A list such as `src,dst`.
pub(in super::super) fn ends(text: &str) -> Option<Vec<End>> {
    let ends = text.split(',').map(|word| match word {
        "src" => Some(End::Source),
        "dst" => Some(End::Destination),
        _ => None,
    });
    ends.collect()
}

impl<'a> SetPool<'a> {
    pub(in super::super) fn new(known: &'a IpSets, version: Version) -> Self {
        Self { known, version, used: FxHashMap::default(), sets: Vec::new() }
    }

    pub(in super::super) fn into_sets(self) -> Vec<Set> {
        self.sets
    }

    /// Whether the packet is in the set (`net/netfilter/ipset/ip_set_core.c`: `ip_set_test`). A packet that lacks a part is not.
    /// With `only_excluded` (`--return-nomatch`) the elements with `nomatch` are those that match. `None` where the set was not read.
    pub(in super::super) fn test(
        &mut self,
        name: &str,
        ends: &[End],
        only_excluded: bool,
    ) -> Option<Condition> {
        let set = self.known.sets.get(name)?;
        if set.parts.is_empty() && set.incomplete.is_none() {
            // A list: the first member that matches (`ip_set_list_set.c`: `list_set_ktest`). Lists hold no lists.
            let members = set.members.iter().filter(|member| {
                self.known
                    .sets
                    .get(*member)
                    .is_none_or(|set| !set.parts.is_empty() || set.incomplete.is_some())
            });
            let members: Vec<String> = members.cloned().collect();
            let tests = members.iter().map(|member| self.test(member, ends, only_excluded));
            return Some(Condition::Any(tests.collect::<Option<_>>()?));
        }
        if set.family.is_some_and(|family| family != self.version) || ends.len() < set.parts.len() {
            return Some(constant(false));
        }
        let flip = only_excluded && kind::has_nomatch(set.parts);
        let id = self.add(name, set, flip);
        Some(Condition::Any(self.alternatives(set, ends, id)))
    }

    /// The set and the key that a packet adds or deletes; `None` where the set was not read or the packet has no such key.
    pub(in super::super) fn key(&mut self, name: &str, ends: &[End]) -> Option<(SetId, Expression)> {
        let set = self.known.sets.get(name)?;
        if set.parts.is_empty()
            || set.family.is_some_and(|family| family != self.version)
            || ends.len() < set.parts.len()
        {
            return None;
        }
        let id = self.add(name, set, false);
        if let Some(set) = usize::try_from(id.0).ok().and_then(|index| self.sets.get_mut(index)) {
            set.dynamic = true;
        }
        let port = |end: End| match end {
            End::Source => payload(Payload::transport(None, 0, 16, "sport")),
            End::Destination => payload(Payload::transport(None, 16, 16, "dport")),
        };
        Some((id, self.expression(set, ends, port)))
    }

    fn add(&mut self, name: &str, set: &IpSet, flip: bool) -> SetId {
        if let Some(id) = self.used.get(&(name.to_owned(), flip)) {
            return *id;
        }
        let id = SetId(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        self.sets.push(Set {
            family: match self.version {
                Version::V4 => Family::Ip,
                Version::V6 => Family::Ip6,
            },
            table: String::new(),
            name: name.to_owned(),
            anonymous: false,
            key: keys(set.parts, self.version),
            data: DataKind::None,
            interval: true,
            dynamic: set.timeout,
            size: set.size,
            elements: set.in_order(flip),
            incomplete: set.incomplete.clone(),
        });
        self.used.insert((name.to_owned(), flip), id);
        id
    }

    /// Lookups of which one must succeed: what a set calls a port depends on the protocol.
    fn alternatives(&self, set: &IpSet, ends: &[End], id: SetId) -> Vec<Condition> {
        let lookup = |key| Condition::Lookup { key, set: id, negated: false };
        let unused = |_: End| Expression::Constant(0);
        let Some(at) = set.parts.iter().position(|part| matches!(part, Part::Port | Part::BarePort)) else {
            return vec![lookup(self.expression(set, ends, unused))];
        };
        let offset = |end: End| match end {
            End::Source => 0,
            End::Destination => 16,
        };
        let port = |protocol: u8| {
            let field = move |end| payload(Payload::transport(Some(protocol), offset(end), 16, "port"));
            lookup(self.expression(set, ends, field))
        };
        let protocol_is = |number: u8| Condition::equal(meta(Meta::L4Protocol), number.into());
        if set.parts.get(at) == Some(&Part::BarePort) {
            // `ip_set_get_ip_port`: TCP and UDP only.
            return [6, 17]
                .into_iter()
                .map(|number| Condition::All(vec![protocol_is(number), port(number)]))
                .collect();
        }
        let holds = |number: u8| set.any_in(at, |interval: Interval| interval.contains(number.into()));
        let mut alternatives = Vec::new();
        for number in WITH_PORTS.into_iter().filter(|number| holds(*number)) {
            alternatives.push(Condition::All(vec![protocol_is(number), port(number)]));
        }
        for number in WITH_TYPES.into_iter().filter(|number| holds(*number)) {
            let message = |_: End| payload(Payload::transport(Some(number), 0, 16, "icmp type and code"));
            let found = lookup(self.expression(set, ends, message));
            alternatives.push(Condition::All(vec![protocol_is(number), found]));
        }
        let others = |interval: Interval| {
            !WITH_PORTS.iter().chain(&WITH_TYPES).any(|n| interval == Interval::single((*n).into()))
        };
        if set.any_in(at, others) {
            let mut all: Vec<Condition> =
                WITH_PORTS.iter().chain(&WITH_TYPES).map(|n| protocol_is(*n).negate_if(true)).collect();
            all.push(lookup(self.expression(set, ends, unused)));
            alternatives.push(Condition::All(all));
        }
        if alternatives.is_empty() || set.incomplete.is_some() {
            // Of an empty set, or one whose elements are not known: the lookup itself says so.
            alternatives = vec![lookup(self.expression(set, ends, unused))];
        }
        alternatives
    }

    /// The key as the kernel takes it from a packet; `port` gives what stands for a port.
    fn expression(&self, set: &IpSet, ends: &[End], port: impl Fn(End) -> Expression) -> Expression {
        let mut parts = Vec::with_capacity(set.parts.len() + 1);
        for (part, end) in set.parts.iter().zip(ends) {
            let source = *end == End::Source;
            match part {
                Part::Address => {
                    let address = address(self.version, source);
                    parts.push(match set.mask {
                        Some(mask) => address.masked(mask),
                        None => address,
                    });
                }
                Part::Network => parts.push(address(self.version, source)),
                Part::Port => {
                    parts.push(meta(Meta::L4Protocol));
                    parts.push(port(*end));
                }
                Part::BarePort => parts.push(port(*end)),
                Part::Interface => parts.push(meta(if source { Meta::InputName } else { Meta::OutputName })),
                Part::Ethernet => parts.push(ethernet(source)),
                // `bitmap_ipmac_kadt` looks at the first flag for both.
                Part::MaybeEthernet => parts.push(ethernet(ends.first() == Some(&End::Source))),
                Part::Mark => parts.push(meta(Meta::Mark).masked(set.mark_mask.into())),
            }
        }
        match parts.len() {
            1 => parts.pop().unwrap_or(Expression::Constant(0)),
            _ => Expression::Concatenation(parts),
        }
    }
}

fn ethernet(source: bool) -> Expression {
    if source { link(48, 48, "ether saddr") } else { link(0, 48, "ether daddr") }
}

fn keys(parts: &[Part], version: Version) -> Vec<Key> {
    let key = |name: &str, width| Key { name: name.to_owned(), width };
    let mut keys = Vec::with_capacity(parts.len() + 1);
    for part in parts {
        match part {
            Part::Address | Part::Network => keys.push(match version {
                Version::V4 => key("ipv4_addr", values::width(version)),
                Version::V6 => key("ipv6_addr", values::width(version)),
            }),
            Part::Port => {
                keys.push(key("inet_proto", 8));
                keys.push(key("inet_service", 16));
            }
            Part::BarePort => keys.push(key("inet_service", 16)),
            Part::Interface => keys.push(key("ifname", 128)),
            Part::Ethernet | Part::MaybeEthernet => keys.push(key("ether_addr", 48)),
            Part::Mark => keys.push(key("mark", 32)),
        }
    }
    keys
}
