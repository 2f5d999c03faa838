//! `firewall/forwarding-open`: the host forwards between its networks, and no rule decides what.

use std::net::IpAddr;

use portreeve_model::{Finding, Severity};

use super::{Scene, ask, opened, wording};
use crate::ir::{ChainId, Hook, Version};
use crate::network::Interface;
use crate::simulate::{Decision, Effect, End, Simulation, Step};

/// Ports asked for: one that is usually wanted, one that is usually not.
const PORTS: [u16; 2] = [443, 9_387];
const TCP: u8 = 6;
/// Interfaces that are looked at: the number of pairs grows with their square.
const MOST: usize = 12;

/// A way through the host.
struct Way {
    from: String,
    to: String,
    source: IpAddr,
    destination: IpAddr,
}

pub(super) fn unfiltered(scene: &Scene<'_>) -> Vec<Finding> {
    let mut evidence = Vec::new();
    let mut versions = Vec::new();
    let mut internet = false;
    for (version, name, parameter) in
        [(Version::V4, "IPv4", "net.ipv4.ip_forward"), (Version::V6, "IPv6", "net.ipv6.conf.all.forwarding")]
    {
        if !is_on(scene, version) {
            continue;
        }
        let ways = ways(scene, version);
        let Some(first) = ways.first() else { continue };
        versions.push(name);
        internet |= ways
            .iter()
            .any(|way| scene.network.addresses.iter().all(|own| !own.network().contains(way.source)));
        evidence.push(format!("{parameter} = 1"));
        let pairs: Vec<String> =
            ways.iter().take(6).map(|way| format!("{} to {}", way.from, way.to)).collect();
        let more = ways.len().saturating_sub(pairs.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        evidence.push(format!("forwarded without a rule that accepts it: {}{more}", pairs.join(", ")));
        evidence.push(format!(
            "such as from {} to {} tcp dport {} iif {}",
            first.source,
            first.destination,
            PORTS.last().copied().unwrap_or_default(),
            first.from
        ));
        let chains = chains(scene, version);
        evidence.push(if chains.is_empty() {
            format!("no base chain is called at forward for {name}")
        } else {
            format!("called at forward: {}", chains.join("; "))
        });
    }
    if versions.is_empty() {
        return Vec::new();
    }
    let words = versions.join(" and ");
    vec![Finding {
        id: "firewall/forwarding-open".to_owned(),
        severity: if internet { Severity::High } else { Severity::Medium },
        title: format!("This host forwards {words} between its networks, and no rule says what"),
        reason: "Whoever is on one network and knows the host as a router reaches the other: containers, virtual machines and VPNs \
                 behind it, whatever their own ports publish."
            .to_owned(),
        evidence,
        fix: vec![
            "If it need not route: sysctl -w net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0, and the same in /etc/sysctl.d"
                .to_owned(),
            "If it must: deny by default and name what may pass. ufw: ufw default deny routed, then ufw route allow ...; iptables: \
             iptables -P FORWARD DROP after the rules that accept; nft: a base chain at forward of family inet with policy drop"
                .to_owned(),
        ],
        reproduce: Some(format!("{}sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding; {0}nft list hooks", scene.enter)),
        subjects: subjects(scene),
    }]
}

fn is_on(scene: &Scene<'_>, version: Version) -> bool {
    let sysctls = &scene.network.sysctls;
    match version {
        Version::V4 => sysctls.ipv4.all.forwarding == Some(1),
        Version::V6 => sysctls.ipv6.as_ref().and_then(|ipv6| ipv6.all.forwarding) == Some(1),
    }
}

/// The pairs of interfaces between which everything asked for passes, and no rule says so.
fn ways(scene: &Scene<'_>, version: Version) -> Vec<Way> {
    let links: Vec<&Interface> =
        scene.network.interfaces.iter().filter(|interface| ask::is_link(interface)).take(MOST).collect();
    let mut found = Vec::new();
    for from in &links {
        // Who is far away comes in by the default route; on the others, whoever is on the link.
        let remote = ask::strangers(scene.network, version)
            .into_iter()
            .find(|it| it.remote && it.interface == from.name);
        let Some(stranger) = remote.or_else(|| ask::neighbour(scene.network, from, version)) else {
            continue;
        };
        for to in links.iter().filter(|to| to.index != from.index) {
            let Some(target) = ask::neighbour(scene.network, to, version) else { continue };
            let passes = |port: &u16| {
                let asked = ask::connection(scene.simulator, &stranger, target.source, TCP, *port);
                asked.is_some_and(|simulation| passes_unasked(&simulation, to.index))
            };
            if PORTS.iter().all(passes) {
                found.push(Way {
                    from: from.name.clone(),
                    to: to.name.clone(),
                    source: stranger.source,
                    destination: target.source,
                });
            }
        }
    }
    found
}

/// It leaves by the interface, and no rule accepted it on the way: a rule that accepts is somebody's decision.
fn passes_unasked(simulation: &Simulation, interface: u32) -> bool {
    simulation.decision() == Decision::Allow
        && simulation.outcomes.iter().all(|outcome| {
            let leaves = matches!(outcome.end, End::Sent { interface: by, .. } if by == interface);
            let mut at = None;
            let decided = outcome.steps.iter().any(|step| {
                if let Step::Hook { hook, .. } = step {
                    at = Some(*hook);
                }
                at == Some(Hook::Forward) && matches!(step, Step::Rule { effect: Effect::Accept, .. })
            });
            leaves && !decided
        })
}

fn at_forward(scene: &Scene<'_>, version: Version) -> Vec<ChainId> {
    let called = |id: &ChainId| {
        scene.ruleset.chain(*id).is_some_and(|chain| {
            let base = chain.base.as_ref().is_some_and(|base| base.hook == Hook::Forward);
            base && !chain.dormant && chain.family.covers(version)
        })
    };
    opened::ids(scene.ruleset).filter(called).collect()
}

fn chains(scene: &Scene<'_>, version: Version) -> Vec<String> {
    at_forward(scene, version).into_iter().map(|id| wording::chain(scene, id)).collect()
}

fn subjects(scene: &Scene<'_>) -> Vec<portreeve_model::Subject> {
    let both = [Version::V4, Version::V6].into_iter().flat_map(|version| at_forward(scene, version));
    both.filter_map(|id| wording::rule_subject(scene, crate::simulate::Decider::Policy(id))).collect()
}

#[cfg(test)]
mod tests {
    use super::unfiltered;
    use crate::reach::findings::testing::Host;

    const FORWARD_DROP: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
        -A FORWARD -i lan -o eth0 -j ACCEPT\n-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\nCOMMIT\n";

    #[test]
    fn a_router_without_a_rule() {
        let finding = Host::new().with_lan().only(unfiltered);
        assert_eq!(finding.id, "firewall/forwarding-open");
        let evidence = finding.evidence.join("\n");
        assert!(evidence.contains("eth0 to lan") && evidence.contains("no base chain"), "{evidence}");
    }

    #[test]
    fn rules_that_decide_are_somebodys_decision() {
        Host::new().with_lan().iptables(FORWARD_DROP).ip6tables(FORWARD_DROP).none(unfiltered);
    }

    #[test]
    fn one_network_or_no_forwarding_is_no_router() {
        Host::new().none(unfiltered);
        Host::new().with_lan().without_forwarding().none(unfiltered);
    }
}
