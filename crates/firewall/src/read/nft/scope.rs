//! What one rule is read with: the names, the sets read so far, and the checks that `nft` left out of its listing.

use std::collections::HashMap;

use super::header;
use super::kind::{Kind, Type};
use crate::ir::{
    ChainId, Condition, Expression, Family, Field, Meta, Payload, PayloadBase, Set, SetId, StateTest,
    Statement,
};
use crate::read::names::Names;

/// A value with the types of its parts.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub expression: Expression,
    /// One; more for a concatenation.
    pub types: Vec<Type>,
}

impl Typed {
    pub(super) fn field(field: Field, kind: Kind) -> Self {
        let width = field.width();
        Self { expression: Expression::Field(field), types: vec![Type::new(kind, width)] }
    }

    /// The type of a value that is no concatenation.
    pub(super) fn kind(&self) -> Type {
        match self.types.as_slice() {
            [only] => *only,
            _ => Type::new(Kind::Integer, 128),
        }
    }
}

/// A set with what its declaration says beside the `ir`.
#[derive(Debug, Clone, Default)]
pub(super) struct Declared {
    /// Types of the key's parts.
    pub key: Vec<Type>,
    /// Types of the data's parts.
    pub data: Vec<Type>,
    /// Tests that each element gets (`set s { limit rate 5/second }`).
    pub tests: Vec<StateTest>,
}

/// Sets and chains of all tables, by family, table and name.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub chains: HashMap<(Family, String), HashMap<String, ChainId>>,
    pub named: HashMap<(Family, String), HashMap<String, SetId>>,
    pub sets: Vec<Set>,
    pub declared: Vec<Declared>,
}

impl Catalogue {
    pub(super) fn chain(&self, family: Family, table: &str, name: &str) -> Option<ChainId> {
        self.chains.get(&(family, table.to_owned()))?.get(name).copied()
    }

    pub(super) fn set(&self, family: Family, table: &str, name: &str) -> Option<SetId> {
        self.named.get(&(family, table.to_owned()))?.get(name).copied()
    }

    pub(super) fn declared(&self, set: SetId) -> Option<&Declared> {
        self.declared.get(usize::try_from(set.0).ok()?)
    }

    /// Adds a set. Named sets can be found by their name.
    pub(super) fn add(&mut self, set: Set, declared: Declared) -> SetId {
        let id = SetId(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        if !set.anonymous {
            let table = self.named.entry((set.family, set.table.clone())).or_default();
            table.insert(set.name.clone(), id);
        }
        self.sets.push(set);
        self.declared.push(declared);
        id
    }
}

/// One rule on its way into the `ir`.
pub(super) struct Scope<'r> {
    pub family: Family,
    pub table: &'r str,
    pub names: &'r mut Names,
    pub catalogue: &'r mut Catalogue,
    /// Checks that hold from here on, as the kernel makes them.
    known: Vec<Condition>,
    /// Checks that the statement being read needs before it.
    pending: Vec<Condition>,
    /// How many 802.1Q tags lie before the next `vlan` field, less one.
    pub tags: u16,
}

impl<'r> Scope<'r> {
    pub(super) fn new(
        family: Family,
        table: &'r str,
        names: &'r mut Names,
        catalogue: &'r mut Catalogue,
    ) -> Self {
        Self { family, table, names, catalogue, known: Vec::new(), pending: Vec::new(), tags: 0 }
    }

    /// Notes a check that must come before the statement being read.
    pub(super) fn require(&mut self, condition: Condition) {
        if !self.known.contains(&condition) && !self.pending.contains(&condition) {
            self.pending.push(condition);
        }
    }

    /// Notes a check that the listing shows itself.
    pub(super) fn learn(&mut self, condition: &Condition) {
        self.known.push(condition.clone());
    }

    /// The checks noted since the last call, as statements.
    pub(super) fn take_required(&mut self) -> Vec<Statement> {
        self.known.extend(self.pending.iter().cloned());
        self.pending.drain(..).map(Statement::Match).collect()
    }

    /// Forgets the checks noted since the last call: their statement was not understood.
    pub(super) fn drop_required(&mut self) {
        self.pending.clear();
    }

    /// Whether an Ethernet type was checked already.
    fn knows_ether_type(&self) -> bool {
        let on_type = |condition: &Condition| {
            let Condition::Compare { left: Expression::Field(Field::Payload(payload)), .. } = condition
            else {
                return false;
            };
            payload.base == PayloadBase::Link && payload.offset == ETHER_TYPE_OFFSET
        };
        self.known.iter().chain(&self.pending).any(on_type)
    }

    /// Requires packets of a network protocol. In the families `ip`, `ip6` and `arp` there are no others
    /// (`payload_gen_dependency`, `src/payload.c`).
    pub(super) fn require_network(&mut self, ether_type: u16) {
        let (field, value) = match (self.family, ether_type) {
            (Family::Inet, header::IP) => (Meta::NfProtocol, 2),
            (Family::Inet, header::IP6) => (Meta::NfProtocol, 10),
            (Family::Inet | Family::Bridge | Family::Netdev, _) => (Meta::Protocol, u128::from(ether_type)),
            (Family::Ip | Family::Ip6 | Family::Arp, _) => return,
        };
        self.require(Condition::equal(Expression::Field(Field::Meta(field)), value));
    }

    /// Requires packets of a transport protocol.
    pub(super) fn require_transport(&mut self, protocol: u8) {
        self.require(Condition::equal(Expression::Field(Field::Meta(Meta::L4Protocol)), protocol.into()));
    }

    /// The checks that a payload brings with it as statements of their own, where it stands where no match on it does: in a hash, as
    /// the target of a write.
    pub(super) fn require_payload(&mut self, payload: &Payload) {
        if let Some(network) = payload.network {
            self.require_network(network);
        }
        if let Some(transport) = payload.transport {
            self.require_transport(transport);
        }
    }

    /// Requires a frame of Ethernet: `meta iiftype ether`. Bridges see no others.
    pub(super) fn require_ethernet(&mut self) {
        if self.family != Family::Bridge {
            self.require(Condition::equal(Expression::Field(Field::Meta(Meta::InputType)), 1));
        }
    }

    /// Requires an 802.1Q tag, unless the rule checked another Ethernet type itself (802.1ad).
    pub(super) fn require_tag(&mut self) {
        self.require_ethernet();
        if self.tags == 0
            && !self.knows_ether_type()
            && let Some((payload, _)) = header::field("ether", "type")
        {
            let left = Expression::Field(Field::Payload(payload));
            self.require(Condition::equal(left, header::VLAN.into()));
        }
    }
}

/// Where the type stands in an Ethernet header, in bits.
const ETHER_TYPE_OFFSET: u16 = 96;
