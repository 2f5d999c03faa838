//! Commands that mend, in the language of whoever owns the rules at hand.

use super::opened::Opened;
use crate::answer::reproduce::quoted;
use crate::ir::owner::Owner;
use crate::ir::{Backend, Chain, ChainId, Family, Ruleset};
use crate::simulate::Decider;

/// The software behind what decided: that of the rule, else of its table, else of the rules around it (a policy of
/// `iptables` belongs to whoever fills its chain).
pub(super) fn owner(ruleset: &Ruleset, by: Decider) -> Option<&Owner> {
    let (id, rule) = match by {
        Decider::Rule(chain, rule) => (chain, Some(rule)),
        Decider::Policy(chain) => (chain, None),
    };
    let chain = ruleset.chain(id)?;
    match rule {
        Some(rule) => chain.rules.get(rule)?.origin.owner.as_ref().or_else(|| owner_of_table(ruleset, chain)),
        None => owner_of_table(ruleset, chain).or_else(|| filler(chain)),
    }
}

fn owner_of_table<'a>(ruleset: &'a Ruleset, chain: &Chain) -> Option<&'a Owner> {
    let same = |table: &&crate::ir::Table| {
        table.family == chain.family && table.name == chain.table && table.backend == chain.backend
    };
    ruleset.tables.iter().find(same)?.owner.as_ref()
}

/// Who set the policy of a chain that several write into: a firewall rather than a container engine that puts a jump there.
fn filler(chain: &Chain) -> Option<&Owner> {
    let mut owners = chain.rules.iter().filter_map(|rule| rule.origin.owner.as_ref());
    owners.clone().find(|owner| is_firewall(owner)).or_else(|| owners.next())
}

/// Whether a product is a firewall that a person sets up, and not something that adds rules for its own sake.
pub(super) fn is_firewall(owner: &Owner) -> bool {
    matches!(
        owner,
        Owner::Ufw
            | Owner::Firewalld
            | Owner::Foomuuri
            | Owner::Shorewall
            | Owner::Csf
            | Owner::Nixos
            | Owner::Openwrt
            | Owner::Portreeve
            | Owner::Proxmox
    )
}

/// `tcp`, `udp`, or the protocol's number.
pub(super) fn protocol_word(protocol: u8) -> String {
    match protocol {
        6 => "tcp".to_owned(),
        17 => "udp".to_owned(),
        132 => "sctp".to_owned(),
        136 => "udplite".to_owned(),
        other => other.to_string(),
    }
}

/// A command that lets a port in, in the chain that denies it.
pub(super) fn open(ruleset: &Ruleset, by: Decider, protocol: u8, port: u16) -> String {
    let word = protocol_word(protocol);
    match owner(ruleset, by) {
        Some(Owner::Ufw) => return format!("ufw allow {port}/{word}"),
        Some(Owner::Firewalld) => {
            return format!("firewall-cmd --permanent --add-port={port}/{word} && firewall-cmd --reload");
        }
        Some(Owner::Csf) => {
            return format!("add {port} to {}_IN in /etc/csf/csf.conf, then csf -r", word.to_uppercase());
        }
        Some(Owner::Nixos) => {
            let option =
                format!("networking.firewall.allowed{}Ports", if protocol == 17 { "UDP" } else { "TCP" });
            return format!("add {port} to {option}, then nixos-rebuild switch");
        }
        _ => {}
    }
    let (Decider::Rule(id, _) | Decider::Policy(id)) = by;
    let Some(chain) = ruleset.chain(id) else { return String::new() };
    let place = format!("{} {} {}", chain.family, quoted(&chain.table), quoted(&chain.name));
    match chain.backend {
        // In front of the chain, since the rule that denies may stand anywhere.
        Backend::Nft => format!("nft insert rule {place} {word} dport {port} accept"),
        backend => format!(
            "{} -I {} -p {word} --dport {port} -j ACCEPT",
            program(backend, chain.family),
            quoted(&chain.name)
        ),
    }
}

/// A command that takes a rule out which opens these ports.
pub(super) fn remove(ruleset: &Ruleset, id: ChainId, rule: usize, opened: &[Opened]) -> Option<String> {
    let chain = ruleset.chain(id)?;
    let origin = &chain.rules.get(rule)?.origin;
    let first = opened.first()?;
    let ports = |separator: char| {
        if first.low == first.high {
            first.low.to_string()
        } else {
            format!("{}{separator}{}", first.low, first.high)
        }
    };
    let word = protocol_word(first.protocol);
    match origin.owner.as_ref().or_else(|| owner_of_table(ruleset, chain)) {
        Some(Owner::Ufw) => return Some(format!("ufw delete allow {}/{word}", ports(':'))),
        Some(Owner::Firewalld) => {
            return Some(format!(
                "firewall-cmd --permanent --remove-port={}/{word} (or --remove-service where a service brings it), then \
                 firewall-cmd --reload",
                ports('-')
            ));
        }
        _ => {}
    }
    let place = format!("{} {} {}", chain.family, quoted(&chain.table), quoted(&chain.name));
    Some(match (chain.backend, origin.handle) {
        (Backend::Nft, Some(handle)) => format!("nft delete rule {place} handle {handle}"),
        (Backend::Nft, None) => format!("take the rule out of {place}"),
        (backend, _) => {
            format!("{} -D {} {}", program(backend, chain.family), quoted(&chain.name), origin.position)
        }
    })
}

/// The command of the xtables for a chain.
pub(super) fn program(backend: Backend, family: Family) -> &'static str {
    match (backend, family) {
        (Backend::IptablesLegacy, Family::Ip6) => "ip6tables-legacy",
        (Backend::IptablesLegacy, _) => "iptables-legacy",
        (_, Family::Ip6) => "ip6tables",
        _ => "iptables",
    }
}
