//! The firewall's word on findings about risky services (`exposure/...`), which were made by bind address alone.
//!
//! What the rules close is no danger as long as they stand; what they let the internet reach, at an address that is routed there,
//! is in use by strangers soon.

use std::net::IpAddr;

use portreeve_model::exposure::{Coverage, Exposure, zone};
use portreeve_model::reach::Verdict;
use portreeve_model::{Finding, Reach, Severity, Subject};

use super::wording;

/// Puts what the exposures say into the findings about services that are reachable. `addresses` are the host's own.
pub fn weigh(findings: &mut [Finding], exposures: &[Exposure], addresses: &[IpAddr]) {
    let public = addresses.iter().any(|address| Reach::of_address(*address) == Reach::Public);
    for finding in findings.iter_mut().filter(|finding| finding.id.starts_with("exposure/")) {
        let of = |exposure: &&Exposure| finding.subjects.iter().any(|subject| is_about(subject, exposure));
        let doors: Vec<&Exposure> = exposures.iter().filter(of).collect();
        // The port of a container is published by translation, beside the forwarder that listens.
        if !doors.is_empty() {
            judge(finding, &doors, public);
        }
    }
}

fn is_about(subject: &Subject, exposure: &Exposure) -> bool {
    let Subject::Listener { protocol, address, namespace } = subject else { return false };
    let door = &exposure.door;
    // Behind the address there may be the device that it is bound to.
    let port = address.split('%').next().and_then(|address| address.rsplit(':').next()?.parse().ok());
    door.protocol == *protocol && door.namespace == *namespace && port == Some(door.port)
}

fn judge(finding: &mut Finding, doors: &[&Exposure], public: bool) {
    let families = || doors.iter().flat_map(|exposure| &exposure.families);
    let mut open: Vec<&str> = Vec::new();
    for zone in families().flat_map(|family| wording::open_zones(family)) {
        if !open.contains(&zone) {
            open.push(zone);
        }
    }
    let uncertain = families().any(|family| {
        family.too_complex.is_some() || family.elsewhere().any(|zone| zone.coverage == Coverage::Depends)
    });
    for family in families() {
        let open = family.parts_elsewhere().find(|part| part.verdict == Verdict::Allow);
        let telling = open.or_else(|| wording::closing_part(family));
        let zones: Vec<&str> = wording::open_zones(family).into_iter().map(wording::zone_name).collect();
        let from = if zones.is_empty() { "nobody else".to_owned() } else { zones.join(", ") };
        if let Some(part) = telling {
            finding.evidence.push(format!(
                "{} lets in {from}: {}",
                family.version.name(),
                wording::first_decision(part)
            ));
        }
    }
    let (severity, words) = if open.contains(&zone::INTERNET) {
        let raised =
            if public && finding.severity == Severity::High { Severity::Critical } else { finding.severity };
        (raised, "the rules let the internet in".to_owned())
    } else if let [..] = open.as_slice()
        && !open.is_empty()
    {
        let names: Vec<&str> = open.iter().map(|zone| wording::zone_name(zone)).collect();
        (lower(finding.severity), format!("the rules let in {} only", names.join(", ")))
    } else if uncertain {
        (finding.severity, "whether the rules let others in is not certain".to_owned())
    } else {
        (Severity::Info, "the rules let nobody else in".to_owned())
    };
    finding.severity = severity;
    finding.title = format!("{}; {words}", finding.title);
}

/// One step down: who may reach it is fewer, and known by a network.
fn lower(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium | Severity::Low => Severity::Low,
        Severity::Info => Severity::Info,
    }
}

#[cfg(test)]
mod tests {
    use portreeve_model::{Finding, Severity};

    use super::weigh;
    use crate::reach::findings::testing::{Host, NFT_DROP};

    fn redis(host: &Host) -> Finding {
        let subjects = host.exposures().iter().flat_map(|it| super::wording::subjects(&it.door)).collect();
        Finding {
            id: "exposure/redis".to_owned(),
            severity: Severity::High,
            title: "Redis is open on tcp 0.0.0.0:6379".to_owned(),
            reason: String::new(),
            evidence: Vec::new(),
            fix: Vec::new(),
            reproduce: None,
            subjects,
        }
    }

    fn weighed(host: &Host) -> Finding {
        let mut findings = [redis(host)];
        weigh(&mut findings, &host.exposures(), &host.addresses());
        findings[0].clone()
    }

    #[test]
    fn what_the_internet_reaches_is_worse_and_what_is_closed_is_only_worth_knowing() {
        let open = weighed(&Host::new().listener(6379, "redis-server"));
        assert_eq!(open.severity, Severity::Critical, "{open:?}");
        assert!(open.title.ends_with("the rules let the internet in"), "{}", open.title);
        let closed = weighed(&Host::new().nft(NFT_DROP).listener(6379, "redis-server"));
        assert_eq!(closed.severity, Severity::Info, "{closed:?}");
        assert!(closed.evidence[0].contains("policy of chain inet filter input"), "{:?}", closed.evidence);
        let behind_a_router = weighed(&Host::private().listener(6379, "redis-server"));
        assert_eq!(behind_a_router.severity, Severity::High);
    }

    #[test]
    fn private_networks_are_one_step_less() {
        let rules = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
            -A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 6379 -j ACCEPT\nCOMMIT\n";
        let host = Host::new().iptables(rules).ip6tables("*filter\n:INPUT DROP [0:0]\nCOMMIT\n");
        let found = weighed(&host.listener(6379, "redis-server"));
        assert_eq!(found.severity, Severity::Medium, "{found:?}");
        assert!(found.title.ends_with("the rules let in private networks only"), "{}", found.title);
    }
}
