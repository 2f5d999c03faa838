//! Ways by which packets meet the host: interfaces that could deliver, and the host itself.

use crate::ir::{Family, Field, Meta, Ruleset};
use crate::network::{Interface, Network};
use crate::simulate::Origin;

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Entrance {
    /// By the interface of this index.
    In(u32),
    /// The host sends it.
    Own,
}

/// How the ports of bridges are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bridges {
    /// What comes in by a port comes in by the bridge.
    Whole,
    /// By each port, for what happens in the bridge matters.
    Ports,
}

impl Entrance {
    pub(super) fn origin(self) -> Origin {
        match self {
            Self::In(index) => Origin::In(index),
            Self::Own => Origin::Out { interface: None, user: None, group: None },
        }
    }

    pub(super) fn interface(self) -> Option<u32> {
        match self {
            Self::In(index) => Some(index),
            Self::Own => None,
        }
    }
}

/// Every way in: the host itself first, then interfaces that are up. Loopback is the host itself; a member of a bond or team delivers
/// as its master.
pub(super) fn entrances(network: &Network, bridges: Bridges) -> Vec<Entrance> {
    let delivers = |interface: &&Interface| {
        let member = match interface.master_kind.as_deref() {
            Some("bond" | "team") => true,
            Some("bridge") => bridges == Bridges::Whole,
            _ => false,
        };
        let replaced = bridges == Bridges::Ports && network.ports_of(interface.index).next().is_some();
        interface.flags.is_up()
            && !interface.flags.is_loopback()
            && !member
            && !replaced
            && interface.kind.as_deref() != Some("vrf")
    };
    let interfaces = network.interfaces.iter().filter(delivers);
    std::iter::once(Entrance::Own).chain(interfaces.map(|interface| Entrance::In(interface.index))).collect()
}

/// Whether any rule sees by which port of a bridge a packet came.
pub(super) fn bridges_seen_by(ruleset: &Ruleset, network: &Network) -> Bridges {
    let has_ports =
        network.interfaces.iter().any(|interface| interface.master_kind.as_deref() == Some("bridge"));
    if !has_ports {
        return Bridges::Whole;
    }
    let chains = || ruleset.chains.iter().filter(|chain| !chain.dormant);
    let based = chains().any(|chain| {
        chain.base.as_ref().is_some_and(|base| chain.family == Family::Bridge || !base.devices.is_empty())
    });
    let mut asked = false;
    if !based {
        for statement in chains().flat_map(|chain| &chain.rules).flat_map(|rule| &rule.statements) {
            statement.clone().visit_fields(&mut |field| {
                asked |= matches!(field, Field::Physdev(_) | Field::Meta(Meta::InputBridge));
            });
        }
    }
    if based || asked { Bridges::Ports } else { Bridges::Whole }
}
