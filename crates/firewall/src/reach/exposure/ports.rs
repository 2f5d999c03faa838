//! Ports that nothing on the host tells apart: doors on them behave alike, and are followed once.
//!
//! A class is an interval between two neighbouring constants that any rule compares a port with. Where a rule computes with ports in
//! another way than by comparing, every port is a class of its own: this refuses to guess.

use crate::ir::{
    Condition, ConntrackKey, Data, Element, Expression, Field, Interval, Nat, PayloadBase, Ruleset, SetId,
    Statement, Writable,
};
use crate::network::{Network, PortMatch};

/// The classes of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PortClasses {
    /// Where classes begin, sorted. `None` where every port is a class of its own.
    cuts: Option<Vec<u32>>,
}

impl PortClasses {
    pub(super) fn new(ruleset: &Ruleset, network: &Network) -> Self {
        let mut cuts = Cuts { ruleset, at: Vec::new(), every: false };
        for statement in ruleset
            .chains
            .iter()
            .filter(|chain| !chain.dormant)
            .flat_map(|chain| &chain.rules)
            .flat_map(|rule| &rule.statements)
        {
            cuts.statement(statement);
        }
        for rule in &network.rules {
            for ports in [rule.source_port, rule.destination_port].into_iter().flatten() {
                cuts.policy_rule(ports);
            }
        }
        cuts.at.sort_unstable();
        cuts.at.dedup();
        Self { cuts: (!cuts.every).then_some(cuts.at) }
    }

    /// The number of a port's class.
    pub(super) fn of(&self, port: u16) -> usize {
        match &self.cuts {
            Some(cuts) => cuts.partition_point(|cut| *cut <= u32::from(port)),
            None => usize::from(port),
        }
    }
}

/// Collects the constants.
struct Cuts<'a> {
    ruleset: &'a Ruleset,
    at: Vec<u32>,
    every: bool,
}

/// How an expression looks at ports.
enum Look<'a> {
    /// Not at all.
    Not,
    /// It is one port.
    Port,
    /// Values side by side, of which some are ports.
    Parts(&'a [Expression]),
    /// In another way.
    Other,
}

impl Cuts<'_> {
    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Match(condition) => self.condition(condition),
            Statement::VerdictMap { key, map } => self.lookup(key, *map),
            Statement::Assign { target, value } => {
                if writes_port(target) {
                    self.written(value);
                } else {
                    self.read(value);
                }
            }
            Statement::Nat(Nat { address, port, base_port, .. }) => {
                if let Some((low, high)) = address {
                    self.read(low);
                    self.read(high);
                }
                if let Some((low, high)) = port {
                    self.written(low);
                    self.written(high);
                }
                // A shifted range computes the new port of the old one.
                self.every |= base_port.is_some();
            }
            Statement::Update { set, key, data, .. } => {
                self.lookup(key, *set);
                if let Some(data) = data {
                    self.read(data);
                }
            }
            Statement::Tproxy { address, port, .. } => {
                if let Some(address) = address {
                    self.read(address);
                }
                if let Some(port) = port {
                    self.written(port);
                }
            }
            _ => {}
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Compare { left, right: Expression::Constant(constant), .. } => match look(left) {
                Look::Not => {}
                Look::Port => self.interval(Interval { low: *constant, high: *constant }),
                Look::Parts(_) | Look::Other => self.every = true,
            },
            Condition::Compare { left, right, .. } => {
                self.read(left);
                self.read(right);
            }
            Condition::Range { value, interval, .. } => match look(value) {
                Look::Not => {}
                Look::Port => self.interval(*interval),
                Look::Parts(_) | Look::Other => self.every = true,
            },
            Condition::Lookup { key, set, .. } => self.lookup(key, *set),
            Condition::All(parts) | Condition::Any(parts) => {
                for part in parts {
                    self.condition(part);
                }
            }
            Condition::Not(inner) => self.condition(inner),
            Condition::Unknown(_) => {}
        }
    }

    /// A value that is used, not compared with a constant.
    fn read(&mut self, value: &Expression) {
        match value {
            Expression::Map { key, map, .. } => self.lookup(key, *map),
            _ => self.every |= !matches!(look(value), Look::Not),
        }
    }

    /// A value that becomes a port.
    fn written(&mut self, value: &Expression) {
        match value {
            Expression::Constant(port) => self.interval(Interval { low: *port, high: *port }),
            Expression::Map { key, map, .. } => {
                self.lookup(key, *map);
                for element in self.elements(*map) {
                    if let Data::Values(values) = &element.data {
                        for value in values {
                            self.interval(*value);
                        }
                    }
                }
            }
            _ => self.every = true,
        }
    }

    fn lookup(&mut self, key: &Expression, set: SetId) {
        match look(key) {
            Look::Not => {}
            Look::Port => {
                for interval in self.elements(set).iter().filter_map(|element| element.key.first()) {
                    self.interval(*interval);
                }
            }
            Look::Parts(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    match look(part) {
                        Look::Not => {}
                        Look::Port => {
                            for interval in
                                self.elements(set).iter().filter_map(|element| element.key.get(at))
                            {
                                self.interval(*interval);
                            }
                        }
                        Look::Parts(_) | Look::Other => self.every = true,
                    }
                }
            }
            Look::Other => self.every = true,
        }
    }

    fn policy_rule(&mut self, ports: PortMatch) {
        match ports {
            PortMatch::Range(low, high) => self.interval(Interval { low: low.into(), high: high.into() }),
            // A mask picks single bits.
            PortMatch::Masked(..) => self.every = true,
        }
    }

    fn interval(&mut self, interval: Interval) {
        for cut in [interval.low, interval.high.saturating_add(1)] {
            self.at.extend(u16::try_from(cut).ok().map(u32::from));
        }
    }

    fn elements<'s>(&self, set: SetId) -> &'s [Element]
    where
        Self: 's,
    {
        self.ruleset.set(set).map_or(&[], |set| &set.elements)
    }
}

fn look(value: &Expression) -> Look<'_> {
    match value {
        Expression::Field(field) if is_port(field) => Look::Port,
        Expression::Field(field) if touches_port(field) => Look::Other,
        Expression::Field(_)
        | Expression::Constant(_)
        | Expression::Generated { .. }
        | Expression::Unknown(_) => Look::Not,
        Expression::Operation(_, left, right) => match (look(left), look(right)) {
            (Look::Not, Look::Not) => Look::Not,
            _ => Look::Other,
        },
        Expression::Concatenation(parts) if parts.iter().all(|part| matches!(look(part), Look::Not)) => {
            Look::Not
        }
        Expression::Concatenation(parts) => Look::Parts(parts),
        // What a map gives for a port is another value for each.
        Expression::Map { key, .. } => match look(key) {
            Look::Not => Look::Not,
            _ => Look::Other,
        },
    }
}

/// Exactly a source or destination port, of the packet or of its connection.
fn is_port(field: &Field) -> bool {
    match field {
        Field::Payload(payload) => {
            payload.base == PayloadBase::Transport && payload.width == 16 && matches!(payload.offset, 0 | 16)
        }
        Field::Conntrack(key, _) => matches!(key, ConntrackKey::SourcePort | ConntrackKey::DestinationPort),
        _ => false,
    }
}

/// Bits that may hold a port: also behind the IP header.
fn touches_port(field: &Field) -> bool {
    match field {
        Field::Payload(payload) => {
            let end = u32::from(payload.offset) + u32::from(payload.width);
            match payload.base {
                PayloadBase::Transport => payload.offset < 32 && payload.transport.is_none_or(has_ports),
                // The shortest headers of IP have 160 and 320 bits, that of Ethernet 112.
                PayloadBase::Network => end > 160 && payload.network != Some(0x86dd) || end > 320,
                PayloadBase::Link => end > 112 + 160,
                PayloadBase::Inner => false,
            }
        }
        _ => false,
    }
}

fn writes_port(target: &Writable) -> bool {
    match target {
        Writable::Payload(payload) => touches_port(&Field::Payload(payload.clone())),
        _ => false,
    }
}

/// Whether ports stand at the head of the protocol's header: TCP, UDP, DCCP, SCTP, UDP-Lite.
fn has_ports(protocol: u8) -> bool {
    matches!(protocol, 6 | 17 | 33 | 132 | 136)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Backend, Version};
    use crate::read::xtables::{IpSets, read_save};

    fn classes(rules: &str) -> PortClasses {
        let text = format!("*filter\n:INPUT ACCEPT [0:0]\n{rules}COMMIT\n");
        let ruleset = read_save(&text, Version::V4, Backend::IptablesLegacy, &IpSets::default()).unwrap();
        PortClasses::new(&ruleset, &Network::default())
    }

    #[test]
    fn ports_that_no_rule_names_are_one_class_between_those_that_are_named() {
        let classes = classes(
            "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -p udp -m multiport --dports 100:200,443 -j ACCEPT\n\
             -A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT\n-A INPUT -s 192.0.2.1/32 -j DROP\n",
        );
        let of = |port| classes.of(port);
        assert_eq!(of(1), of(21));
        assert_ne!(of(21), of(22));
        assert_ne!(of(22), of(23));
        assert_eq!(of(23), of(99));
        assert_eq!(of(100), of(200));
        assert_ne!(of(200), of(201));
        assert_ne!(of(443), of(65535));
        assert_eq!(of(444), of(65535));
    }

    #[test]
    fn where_rules_compute_with_ports_every_port_is_apart() {
        let classes = classes("-A INPUT -p tcp -m u32 --u32 \"0>>22&0x3C@0>>16&1=1\" -j DROP\n");
        // An expression that is not understood forks for all ports alike.
        assert_eq!(classes.of(1), classes.of(2));
        let statement = Statement::Match(Condition::equal(
            Expression::Field(Field::Payload(crate::ir::Payload::transport(None, 16, 16, "dport"))).masked(1),
            1,
        ));
        let ruleset = Ruleset::default();
        let mut cuts = Cuts { ruleset: &ruleset, at: Vec::new(), every: false };
        cuts.statement(&statement);
        assert!(cuts.every);
    }
}
