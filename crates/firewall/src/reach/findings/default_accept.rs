//! `firewall/default-accept`: nothing filters what comes to the host itself, and something listens beyond loopback.

use std::net::IpAddr;

use portreeve_model::exposure::{Exposure, IpVersion, zone};
use portreeve_model::{Finding, Reach, Severity};

use super::{Scene, Standing, ask, ipv6_open, not_loaded, opened, wording};
use crate::ir::{ChainId, Hook, Version};
use crate::simulate::{Decision, End};

/// Ports over the whole range on which next to nothing listens, and which next to no rule names.
const PORTS: [u16; 5] = [3, 1_013, 9_387, 28_391, 61_447];
const PROTOCOLS: [u8; 2] = [6, 17];

pub(super) fn no_input_filter(scene: &Scene<'_>) -> Vec<Finding> {
    finding(scene).into_iter().collect()
}

/// Whether every packet for the host itself is let in, whatever its port.
pub(super) fn accepts_anything(scene: &Scene<'_>, version: Version) -> bool {
    let strangers = ask::strangers(scene.network, version);
    let gets_in = |stranger: &ask::Stranger| {
        let ports = PORTS.iter().flat_map(|port| PROTOCOLS.map(|protocol| (protocol, *port)));
        ports.into_iter().all(|(protocol, port)| {
            let asked = ask::connection(scene.simulator, stranger, stranger.own, protocol, port);
            asked.is_some_and(|it| {
                it.decision() == Decision::Allow
                    && it.outcomes.iter().all(|outcome| outcome.end == End::Delivered)
            })
        })
    };
    !strangers.is_empty() && strangers.iter().all(gets_in)
}

fn finding(scene: &Scene<'_>) -> Option<Finding> {
    if scene.standing == Standing::Guest {
        return None;
    }
    let reached = |version: IpVersion| {
        let open = move |exposure: &&Exposure| {
            let family = exposure.family(version);
            family.is_some_and(|family| family.elsewhere().any(|zone| zone.coverage.is_open()))
        };
        scene.exposures.iter().filter(open)
    };
    let versions = [(IpVersion::Ipv4, Version::V4), (IpVersion::Ipv6, Version::V6)];
    let open: Vec<(IpVersion, Version)> = versions
        .into_iter()
        .filter(|(shown, version)| reached(*shown).next().is_some() && accepts_anything(scene, *version))
        .collect();
    if open.is_empty() || !not_loaded::enabled_but_empty(scene).is_empty() {
        return None;
    }
    // That IPv6 alone is open is told port by port where a port is closed for IPv4.
    if matches!(open.as_slice(), [(IpVersion::Ipv6, _)])
        && !ipv6_open::open_where_ipv4_is_closed(scene).is_empty()
    {
        return None;
    }
    let words: Vec<&str> = open.iter().map(|(version, _)| version.name()).collect();
    let words = words.join(" and ");
    let mut doors: Vec<&Exposure> = open.iter().flat_map(|(version, _)| reached(*version)).collect();
    doors.dedup_by_key(|exposure| std::ptr::from_ref::<Exposure>(exposure));
    let public = is_public(scene, &open, &doors);
    let chains = chains(scene, &open);
    let mut evidence = vec![if chains.is_empty() {
        "no base chain is called at input".to_owned()
    } else {
        format!("called at input, and none of them denies by default: {}", chains.join("; "))
    }];
    evidence.push(format!(
        "packets to the ports {} would all be delivered, by TCP and UDP",
        PORTS.map(|port| port.to_string()).join(", ")
    ));
    evidence.push(format!("reachable now: {}", wording::doors(doors.iter().map(|exposure| &exposure.door))));
    Some(Finding {
        id: "firewall/default-accept".to_owned(),
        severity: if public { Severity::Medium } else { Severity::Low },
        title: format!("Nothing filters {words} packets to this host: every listener is as open as its bind address"),
        reason: "Whatever starts to listen, by a package or by mistake, is reachable at once. A filter that lets in what is wanted, \
                 and nothing else, makes a new listener no new opening."
            .to_owned(),
        evidence,
        fix: vec![
            "With ufw: ufw allow OpenSSH && ufw enable. With firewalld: systemctl enable --now firewalld".to_owned(),
            "With nft alone: a base chain at input of family inet with policy drop, which accepts ct state established,related, iif lo, \
             ICMP, and the ports that are wanted (the one you are logged in by first)"
                .to_owned(),
            "Behind a filter of the provider or the router this may be as meant.".to_owned(),
        ],
        reproduce: Some(format!("{}nft list hooks; {0}nft list ruleset; {0}iptables-save", scene.enter)),
        subjects: doors.iter().flat_map(|exposure| wording::subjects(&exposure.door)).collect(),
    })
}

/// Whether the internet reaches a door at an address that is routed there.
fn is_public(scene: &Scene<'_>, open: &[(IpVersion, Version)], doors: &[&Exposure]) -> bool {
    open.iter().any(|(shown, version)| {
        let of_version = |address: &IpAddr| address.is_ipv4() == (*version == Version::V4);
        let routed = scene.network.addresses.iter().map(|own| own.address).filter(of_version);
        let routed = routed.map(Reach::of_address).any(|reach| reach == Reach::Public);
        let internet = |exposure: &&Exposure| {
            exposure.family(*shown).is_some_and(|family| family.coverage(zone::INTERNET).is_open())
        };
        routed && doors.iter().any(internet)
    })
}

/// The base chains at input of these versions.
fn chains(scene: &Scene<'_>, open: &[(IpVersion, Version)]) -> Vec<String> {
    let at_input = |id: &ChainId| {
        scene.ruleset.chain(*id).is_some_and(|chain| {
            !chain.dormant
                && chain.base.as_ref().is_some_and(|base| base.hook == Hook::Input)
                && open.iter().any(|(_, version)| chain.family.covers(*version))
        })
    };
    opened::ids(scene.ruleset).filter(at_input).map(|id| wording::chain(scene, id)).collect()
}

#[cfg(test)]
mod tests {
    use portreeve_model::Severity;

    use super::no_input_filter;
    use crate::reach::findings::testing::{Host, NFT_DROP};

    #[test]
    fn a_host_without_any_rule_that_listens() {
        let finding = Host::new().listener(22, "sshd").only(no_input_filter);
        assert_eq!(finding.id, "firewall/default-accept");
        assert_eq!(finding.severity, Severity::Medium);
        assert!(finding.title.contains("IPv4 and IPv6"), "{}", finding.title);
        assert_eq!(finding.evidence[0], "no base chain is called at input");
    }

    #[test]
    fn rules_that_only_ban_filter_nothing_by_default() {
        let bans = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
            -A INPUT -s 203.0.113.0/24 -j DROP\nCOMMIT\n";
        let finding = Host::private().iptables(bans).listener(22, "sshd").only(no_input_filter);
        assert_eq!(finding.severity, Severity::Low);
        assert!(finding.evidence[0].contains("chain ip filter INPUT"), "{}", finding.evidence[0]);
    }

    #[test]
    fn nothing_to_say_where_it_denies_by_default_or_nothing_listens() {
        Host::new().nft(NFT_DROP).listener(22, "sshd").none(no_input_filter);
        Host::new().none(no_input_filter);
        Host::new().listening_at(&["127.0.0.1"], 5432, "postgres").none(no_input_filter);
    }
}
