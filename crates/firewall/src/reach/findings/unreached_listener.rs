//! `firewall/listener-nobody-reaches`: bound to an address that others know, and let in for nobody but this host.

use portreeve_model::exposure::{Coverage, Decision, DoorKind, Exposure, FamilyExposure};
use portreeve_model::{Finding, Severity};

use super::{Scene, contradiction, wording};

pub(super) fn nobody_reaches(scene: &Scene<'_>) -> Vec<Finding> {
    let meant = contradiction::is_of(scene);
    let found: Vec<&Exposure> = scene
        .exposures
        .iter()
        .filter(|exposure| is_closed(exposure) && !is_translated(scene, exposure))
        .filter(|exposure| !meant.iter().any(|other| std::ptr::eq(*other, *exposure)))
        .collect();
    if found.is_empty() {
        return Vec::new();
    }
    let mut evidence: Vec<String> = found
        .iter()
        .take(10)
        .map(|exposure| {
            let telling = exposure.families.iter().filter_map(wording::closing_part);
            let by = telling
                .into_iter()
                .next()
                .map_or_else(String::new, |part| format!(": {}", wording::first_decision(part)));
            format!("{}{by}", wording::door(&exposure.door))
        })
        .collect();
    if found.len() > 10 {
        evidence.push(format!("and {} more", found.len() - 10));
    }
    let doors = wording::doors(found.iter().map(|exposure| &exposure.door));
    vec![Finding {
        id: "firewall/listener-nobody-reaches".to_owned(),
        severity: Severity::Info,
        title: format!("Only this host reaches {doors}: the rules let nobody else in"),
        reason: "The bind address is wider than what is used. If the rules go, the listener is open.".to_owned(),
        evidence,
        fix: vec![
            "Where only this host needs it, bind it to loopback (127.0.0.1 and ::1), so that it stays closed without rules.".to_owned(),
            "Where nobody needs it, stop it; where others should reach it, let them in.".to_owned(),
        ],
        reproduce: Some(format!("{}nft list ruleset; {0}iptables-save", scene.enter)),
        subjects: found.iter().flat_map(|exposure| wording::subjects(&exposure.door)).collect(),
    }]
}

/// Known at addresses beyond loopback, and denied to everybody else for certain, by rules.
fn is_closed(exposure: &Exposure) -> bool {
    let door = &exposure.door;
    let beyond = door.addresses.iter().any(|address| !address.is_loopback() && !address.is_multicast());
    let families = || exposure.families.iter();
    let by_rules = families()
        .flat_map(FamilyExposure::parts_elsewhere)
        .any(|part| part.deciders.iter().any(|decision| matches!(decision, Decision::Rules { .. })));
    door.kind == DoorKind::Listener
        && beyond
        && by_rules
        && families().all(|family| {
            family.too_complex.is_none() && family.elsewhere().all(|zone| zone.coverage == Coverage::None)
        })
}

/// A port of its own number is let through by translation: the listener stands behind that, as docker-proxy does.
fn is_translated(scene: &Scene<'_>, exposure: &Exposure) -> bool {
    let same = |other: &Exposure| {
        matches!(other.door.kind, DoorKind::Translated { .. })
            && (other.door.protocol, other.door.port) == (exposure.door.protocol, exposure.door.port)
    };
    scene.exposures.iter().any(same)
}

#[cfg(test)]
mod tests {
    use portreeve_model::Severity;

    use super::nobody_reaches;
    use crate::reach::findings::testing::{Host, NFT_ACCEPT_8080, NFT_DROP};

    #[test]
    fn a_database_behind_a_default_deny() {
        let finding =
            Host::new().nft(NFT_DROP).listener(5432, "postgres").listener(22, "sshd").only(nobody_reaches);
        assert_eq!((finding.severity, &*finding.id), (Severity::Info, "firewall/listener-nobody-reaches"));
        assert!(finding.evidence[0].contains("policy of chain inet filter input"), "{:?}", finding.evidence);
    }

    #[test]
    fn loopback_and_open_ports_are_nothing_to_tell() {
        Host::new().nft(NFT_DROP).listening_at(&["127.0.0.1", "::1"], 5432, "postgres").none(nobody_reaches);
        Host::new().nft(NFT_DROP).listener(22, "sshd").none(nobody_reaches);
        Host::new().listener(5432, "postgres").none(nobody_reaches);
    }

    #[test]
    fn what_was_meant_to_be_open_is_told_as_that() {
        let closed = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
        Host::new()
            .iptables(closed)
            .ip6tables(closed)
            .nft(NFT_ACCEPT_8080)
            .listener(8080, "app")
            .none(nobody_reaches);
    }
}
