//! The base chains of a host in the order in which a packet meets them. Rules are not part of it.

use std::cmp::Reverse;

use portreeve_model::reach;

use super::names::Names;
use crate::ir::{Base, ChainId, ChainKind, Family, Hook, Ruleset, priority};
use crate::network::Network;

/// The base chains that run for packets of IP: hooks in the order of a packet's way, in a hook in the order in which the
/// kernel calls them. Those of dormant tables do not run and are left out, as are those for bridged frames and ARP.
pub fn base_chains(ruleset: &Ruleset, network: &Network) -> Vec<reach::Chain> {
    let names = Names { ruleset, network };
    let mut ranked: Vec<_> = ruleset
        .chains
        .iter()
        .enumerate()
        .filter(|(_, chain)| !chain.dormant && !matches!(chain.family, Family::Arp | Family::Bridge))
        .filter_map(|(at, chain)| Some((chain.base.as_ref()?, at)))
        // Of two chains with the same priority the later registered one is called first.
        .map(|(base, at)| ((base.hook, effective_priority(base), base.priority, Reverse(at)), at))
        .collect();
    ranked.sort_unstable_by_key(|(rank, _)| *rank);
    ranked
        .into_iter()
        .filter_map(|(_, at)| u32::try_from(at).ok())
        .map(|at| *names.chain(ChainId(at)))
        .collect()
}

/// Chains of type nat run inside the kernel's own hook for it, whatever priority they state.
fn effective_priority(base: &Base) -> i32 {
    match (base.kind, base.hook) {
        (ChainKind::Nat, Hook::Prerouting | Hook::Output) => priority::NAT_DST,
        (ChainKind::Nat, Hook::Input | Hook::Postrouting) => priority::NAT_SRC,
        _ => base.priority,
    }
}

#[cfg(test)]
mod tests {
    use super::base_chains;
    use crate::ir::{Backend, Base, Chain, ChainKind, Family, Hook, Policy, Ruleset};
    use crate::network::Network;

    fn chain(name: &str, family: Family, base: Option<(ChainKind, Hook, i32)>) -> Chain {
        Chain {
            family,
            table: "t".into(),
            name: name.into(),
            backend: Backend::Nft,
            handle: None,
            base: base.map(|(kind, hook, priority)| Base {
                kind,
                hook,
                priority,
                policy: Policy::Accept,
                devices: Vec::new(),
            }),
            rules: Vec::new(),
            dormant: false,
        }
    }

    #[test]
    fn chains_stand_in_the_order_of_the_way() {
        let filter = |hook, priority| Some((ChainKind::Filter, hook, priority));
        let mut dormant = chain("dormant", Family::Inet, filter(Hook::Input, 0));
        dormant.dormant = true;
        let ruleset = Ruleset {
            chains: vec![
                chain("input-first", Family::Inet, filter(Hook::Input, 0)),
                chain("input-second", Family::Ip, filter(Hook::Input, 0)),
                chain("plain", Family::Ip, None),
                // Runs with the kernel's nat hook, before priority -10.
                chain("nat", Family::Ip, Some((ChainKind::Nat, Hook::Prerouting, 50))),
                chain("early", Family::Ip, filter(Hook::Prerouting, -300)),
                chain("late", Family::Ip, filter(Hook::Prerouting, -10)),
                chain("frames", Family::Bridge, filter(Hook::Input, 0)),
                dormant,
            ],
            ..Ruleset::default()
        };
        let names: Vec<String> =
            base_chains(&ruleset, &Network::default()).into_iter().map(|chain| chain.name).collect();
        assert_eq!(names, ["early", "nat", "late", "input-second", "input-first"]);
    }
}
