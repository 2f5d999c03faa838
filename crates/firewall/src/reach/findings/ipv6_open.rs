//! `firewall/ipv6-open`: a port that rules close for IPv4 and that IPv6 reaches.

use portreeve_model::exposure::{Decision, Exposure, FamilyExposure, IpVersion, Part, zone};
use portreeve_model::reach::{Decider, Verdict};
use portreeve_model::{Finding, Severity};

use super::{Scene, wording};
use crate::ir::owner::Owner;

pub(super) fn open_where_ipv4_is_closed(scene: &Scene<'_>) -> Vec<Finding> {
    let found: Vec<Pair<'_>> = scene.exposures.iter().filter_map(Pair::of).collect();
    finding(scene, &found).into_iter().collect()
}

/// A door by both versions.
struct Pair<'a> {
    exposure: &'a Exposure,
    closed: &'a Part,
    open: &'a Part,
    zones: Vec<&'a str>,
}

impl<'a> Pair<'a> {
    fn of(exposure: &'a Exposure) -> Option<Self> {
        let (v4, v6) = (exposure.family(IpVersion::Ipv4)?, exposure.family(IpVersion::Ipv6)?);
        let open = |family: &FamilyExposure, zone| family.coverage(zone).is_open();
        let any = |family: &FamilyExposure| family.elsewhere().any(|zone| zone.coverage.is_open());
        let differ = open(v6, zone::INTERNET) && !open(v4, zone::INTERNET) || any(v6) && !any(v4);
        if !differ || v4.too_complex.is_some() || v4.parts.iter().any(|part| part.verdict == Verdict::Unknown)
        {
            return None;
        }
        // Closed by a rule: a listener that has no IPv4 address beyond loopback was not closed by anybody.
        let by_rules = |part: &&Part| part.verdict == Verdict::Deny && by_rule(part);
        let closed = v4.parts_elsewhere().find(by_rules)?;
        let open = v6.parts_elsewhere().find(|part| part.verdict == Verdict::Allow)?;
        Some(Self { exposure, closed, open, zones: wording::open_zones(v6) })
    }
}

fn by_rule(part: &Part) -> bool {
    part.deciders.iter().any(|decision| matches!(decision, Decision::Rules { .. }))
}

fn finding(scene: &Scene<'_>, found: &[Pair<'_>]) -> Option<Finding> {
    let first = found.first()?;
    let internet = found.iter().any(|pair| pair.zones.contains(&zone::INTERNET));
    let mut evidence = Vec::new();
    for pair in found.iter().take(8) {
        let zones: Vec<&str> = pair.zones.iter().map(|zone| wording::zone_name(zone)).collect();
        evidence.push(format!("{}: by IPv6 from {}", wording::door(&pair.exposure.door), zones.join(", ")));
        evidence.push(format!("IPv4 is denied: {}", wording::first_decision(pair.closed)));
        evidence.push(format!("IPv6 is let in: {}", wording::first_decision(pair.open)));
    }
    if found.len() > 8 {
        evidence.push(format!("and {} more", found.len() - 8));
    }
    let closing = first.closed.deciders.iter().find_map(|decision| match decision {
        Decision::Rules { by, owner, .. } => Some((by, owner.as_str())),
        _ => None,
    });
    let doors = wording::doors(found.iter().map(|pair| &pair.exposure.door));
    Some(Finding {
        id: "firewall/ipv6-open".to_owned(),
        severity: if internet { Severity::High } else { Severity::Medium },
        title: format!("IPv6 reaches {doors}, which the rules close for IPv4"),
        reason: "Rules for IPv4 say nothing of IPv6. Whoever has an IPv6 address reaches what was meant to be closed."
            .to_owned(),
        evidence,
        fix: fixes(scene, closing),
        reproduce: Some(match closing {
            Some((by, _)) if table(by).1 == "nft" => format!("{}nft list ruleset", scene.enter),
            _ => format!("{}ip6tables -S", scene.enter),
        }),
        subjects: found.iter().flat_map(|pair| wording::subjects(&pair.exposure.door)).collect(),
    })
}

/// Family, backend and name of the table of what closes IPv4.
fn table(by: &Decider) -> (&str, &str, &str) {
    match by {
        Decider::Rule(rule) => (&rule.family, &rule.backend, &rule.table),
        Decider::Policy(chain) => (&chain.family, &chain.backend, &chain.table),
    }
}

fn fixes(scene: &Scene<'_>, closing: Option<(&Decider, &str)>) -> Vec<String> {
    let Some((by, owner)) = closing else { return Vec::new() };
    let ufw = owner == Owner::Ufw.to_string()
        || scene
            .ruleset
            .chains
            .iter()
            .any(|chain| chain.name == "ufw-user-input" && chain.family == crate::ir::Family::Ip);
    match table(by) {
        _ if ufw => vec!["Set IPV6=yes in /etc/default/ufw, then: ufw reload".to_owned()],
        ("inet", _, name) => vec![format!(
            "The table inet {name} sees IPv6, too: give its rules for IPv4 (ip saddr ...) a twin for IPv6, or end the chain with a \
             drop for both."
        )],
        (_, "nft", name) => vec![format!(
            "Move the chains of table ip {name} into a table of family inet, which sees both; or deny IPv6 the same way: nft add \
             table ip6 {name}, with a chain of the same hook and policy drop."
        )],
        (_, backend, _) => {
            let suffix = backend.strip_prefix("iptables").unwrap_or_default();
            vec![format!(
                "Give IPv6 the same rules, before the policy: ip6tables{suffix} -A INPUT -i lo -j ACCEPT; ip6tables{suffix} -A INPUT -m \
                 conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT; ip6tables{suffix} -A INPUT -p ipv6-icmp -j ACCEPT; then \
                 ip6tables{suffix} -P INPUT DROP"
            )]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::open_where_ipv4_is_closed;
    use crate::reach::findings::testing::Host;

    const CLOSED: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
        -A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";

    #[test]
    fn a_port_that_only_ipv4_closes() {
        let host = Host::new().iptables(CLOSED).listener(22, "sshd").listener(5432, "postgres");
        let finding = host.only(open_where_ipv4_is_closed);
        assert_eq!(finding.id, "firewall/ipv6-open");
        assert!(finding.title.contains("tcp 5432,") && !finding.title.contains("22"), "{}", finding.title);
        assert!(finding.fix[0].contains("ip6tables-legacy -P INPUT DROP"), "{}", finding.fix[0]);
    }

    #[test]
    fn both_closed_or_both_open_is_as_meant() {
        let host = Host::new().listener(22, "sshd").listener(5432, "postgres");
        host.clone().iptables(CLOSED).ip6tables(CLOSED).none(open_where_ipv4_is_closed);
        host.none(open_where_ipv4_is_closed);
    }

    #[test]
    fn an_address_that_only_this_host_reaches_was_closed_by_nobody() {
        let host = Host::new().iptables(CLOSED).listening_at(&["127.0.0.1", "::"], 8080, "app");
        host.none(open_where_ipv4_is_closed);
    }
}
