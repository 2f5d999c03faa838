//! `firewall/open-port-without-listener`: rules that let a port in on which nothing listens.

use portreeve_model::{Finding, Listener, Protocol, Reach, Severity};

use super::opened::{self, Opened};
use super::{Scene, default_accept, fix, wording};
use crate::ir::owner::Owner;
use crate::ir::{Chain, ChainId, Version};
use crate::simulate::Decider;

/// Ranges wider than this are for programs that choose their ports, as passive FTP does.
const WIDEST: u16 = 64;

/// Ports whose sockets come and go with what they are for: clients of DHCP (RFC 2131, RFC 8415).
const TRANSIENT: [(u8, u16); 3] = [(17, 68), (17, 546), (17, 547)];

/// A rule that opens something, as far as nothing listens there.
struct Stale {
    chain: ChainId,
    rule: usize,
    opened: Vec<Opened>,
    owner: Option<Owner>,
}

pub(super) fn without_listener(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(listeners) = scene.listeners else { return Vec::new() };
    let mut stale: Vec<Stale> = opened::input_chains(scene.ruleset)
        .into_iter()
        .filter_map(|id| Some((id, scene.ruleset.chain(id)?)))
        .flat_map(|(id, chain)| of_chain(scene, listeners, id, chain))
        .collect();
    // Where everything is let in anyway such a rule opens nothing.
    let filtered: Vec<Version> = [Version::V4, Version::V6]
        .into_iter()
        .filter(|version| !stale.is_empty() && !default_accept::accepts_anything(scene, *version))
        .collect();
    stale.retain(|it| {
        let family = scene.ruleset.chain(it.chain).map(|chain| chain.family);
        filtered.iter().any(|version| family.is_some_and(|family| family.covers(*version)))
    });
    let mut findings = Vec::new();
    while let Some(first) = stale.first() {
        let owner = first.owner.clone();
        let (same, rest): (Vec<_>, Vec<_>) = stale.into_iter().partition(|it| it.owner == owner);
        findings.push(finding(scene, &same));
        stale = rest;
    }
    findings
}

fn of_chain(scene: &Scene<'_>, listeners: &[Listener], id: ChainId, chain: &Chain) -> Vec<Stale> {
    // What ufw ships with, for every host: DHCP, multicast DNS, UPnP.
    if chain.name.starts_with("ufw-before") || chain.name.starts_with("ufw6-before") {
        return Vec::new();
    }
    let rules = chain.rules.iter().enumerate();
    let stale = rules.filter_map(|(rule, it)| {
        let owner = fix::owner(scene.ruleset, Decider::Rule(id, rule)).cloned();
        if owner.as_ref().is_some_and(|owner| !fix::is_firewall(owner)) {
            return None;
        }
        let idle = |opened: &Opened| {
            opened.high - opened.low < WIDEST
                && !TRANSIENT.contains(&(opened.protocol, opened.low))
                && !listeners.iter().any(|listener| listens(listener, *opened))
        };
        let named = opened::ports(scene.ruleset, it);
        let opened: Vec<Opened> = named.iter().copied().filter(idle).collect();
        // A rule for TCP and UDP alike is used where one of them is.
        let other = |it: &Opened| {
            named.iter().any(|of| of.protocol != it.protocol && (of.low, of.high) == (it.low, it.high))
        };
        let opened: Vec<Opened> = opened
            .iter()
            .copied()
            .filter(|it| !other(it) || opened.iter().filter(|of| of.low == it.low).count() > 1)
            .collect();
        (!opened.is_empty()).then_some(Stale { chain: id, rule, opened, owner })
    });
    stale.collect()
}

fn listens(listener: &Listener, opened: Opened) -> bool {
    let protocol = match listener.protocol {
        Protocol::Tcp | Protocol::Mptcp => 6,
        Protocol::Udp => 17,
        Protocol::Udplite => 136,
        Protocol::Sctp => 132,
        _ => return false,
    };
    protocol == opened.protocol
        && (opened.low..=opened.high).contains(&listener.port)
        && listener.reach != Reach::Loopback
}

fn finding(scene: &Scene<'_>, stale: &[Stale]) -> Finding {
    let mut ports: Vec<String> = stale.iter().flat_map(|it| &it.opened).map(|it| name(*it)).collect();
    ports.sort();
    ports.dedup();
    let more = ports.len().saturating_sub(6);
    ports.truncate(6);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let owner = stale
        .first()
        .and_then(|it| it.owner.as_ref())
        .map_or_else(|| "Rules let".to_owned(), |it| format!("{it} lets"));
    let evidence = stale.iter().take(10).map(|it| {
        let named: Vec<String> = it.opened.iter().map(|it| name(*it)).collect();
        format!("{}: {}", named.join(", "), wording::decider(scene, Decider::Rule(it.chain, it.rule)))
    });
    let mut evidence: Vec<String> = evidence.collect();
    if stale.len() > 10 {
        evidence.push(format!("and {} more", stale.len() - 10));
    }
    let mut fix: Vec<String> = Vec::new();
    for it in stale.iter().take(4) {
        let command = fix::remove(scene.ruleset, it.chain, it.rule, &it.opened);
        let command = command.map(|command| format!("{}{command}", scene.enter));
        fix.extend(command.filter(|command| !fix.contains(command)));
    }
    fix.push(
        "Keep the rule where a service is only stopped for now, or listens when it is needed.".to_owned(),
    );
    let first = stale.first().map(|it| wording::listing(scene, Decider::Rule(it.chain, it.rule)));
    Finding {
        id: "firewall/open-port-without-listener".to_owned(),
        severity: Severity::Low,
        title: format!("{owner} in {}{more}, where nothing listens", ports.join(", ")),
        reason: "The next program that listens there, by a package or by an intruder, is reachable without anybody having decided it."
            .to_owned(),
        evidence,
        fix,
        reproduce: first,
        subjects: stale
            .iter()
            .filter_map(|it| wording::rule_subject(scene, Decider::Rule(it.chain, it.rule)))
            .collect(),
    }
}

fn name(opened: Opened) -> String {
    let protocol = fix::protocol_word(opened.protocol);
    if opened.low == opened.high {
        format!("{protocol} {}", opened.low)
    } else {
        format!("{protocol} {}-{}", opened.low, opened.high)
    }
}

#[cfg(test)]
mod tests {
    use super::without_listener;
    use crate::reach::findings::testing::{Host, NFT_DROP};

    const UFW: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:ufw-before-input - [0:0]\n\
        :ufw-user-input - [0:0]\n-A INPUT -j ufw-before-input\n-A INPUT -j ufw-user-input\n\
        -A ufw-before-input -i lo -j ACCEPT\n-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT\n\
        -A ufw-before-input -d 224.0.0.251/32 -p udp -m udp --dport 5353 -j ACCEPT\n\
        -A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT\n\
        -A ufw-user-input -p tcp -m multiport --dports 80,443 -j ACCEPT\n\
        -A ufw-user-input -p tcp -m tcp --dport 8080 -m conntrack --ctstate ESTABLISHED -j ACCEPT\n\
        -A ufw-user-input -p udp -m udp --dport 60000:61000 -j ACCEPT\nCOMMIT\n";

    #[test]
    fn ports_of_services_that_are_gone() {
        let host =
            Host::new().iptables(UFW).ip6tables("*filter\n:INPUT DROP [0:0]\nCOMMIT\n").listener(22, "sshd");
        let finding = host.clone().only(without_listener);
        assert_eq!(finding.title, "ufw lets in tcp 443, tcp 80, where nothing listens");
        assert_eq!(finding.evidence.len(), 1, "{:?}", finding.evidence);
        host.listener(80, "nginx").listener(443, "nginx").none(without_listener);
    }

    #[test]
    fn a_listener_on_loopback_is_none_for_others() {
        let host = Host::new().nft(NFT_DROP).listener(22, "sshd");
        let finding = host.clone().listening_at(&["127.0.0.1"], 8080, "app").only(without_listener);
        assert!(finding.fix[0].starts_with("nft delete rule inet filter input handle"), "{:?}", finding.fix);
        host.listener(8080, "app").none(without_listener);
    }

    #[test]
    fn nothing_is_said_where_sockets_were_not_seen() {
        Host::new().nft(NFT_DROP).without_sockets().none(without_listener);
    }
}
