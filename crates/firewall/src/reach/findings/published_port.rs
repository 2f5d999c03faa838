//! `firewall/docker-bypasses-ufw` and its kin: a published container port that the firewall of the host would have denied.
//!
//! A container engine translates the destination before the routing decision, so that the packet goes through `forward`, and the
//! firewall's rules at `input` never see it. Whether they would have denied it is not guessed: the same packet is followed once
//! more with the translations taken away.

use portreeve_model::exposure::{DoorKind, Exposure, IpVersion, Part, zone};
use portreeve_model::reach::Verdict;
use portreeve_model::{Finding, Severity};

use super::{Scene, ask, fix, wording};
use crate::ir::owner::Owner;
use crate::ir::{ChainKind, Hook, Ruleset};
use crate::simulate::{Decider, Effect, End, Simulation, Simulator, Step};

/// A port that is let in beside the firewall.
struct Bypass<'a> {
    exposure: &'a Exposure,
    version: IpVersion,
    part: &'a Part,
    zones: Vec<&'a str>,
    engine: Owner,
    translation: Decider,
    denied_by: Decider,
}

pub(super) fn bypasses_filter(scene: &Scene<'_>) -> Vec<Finding> {
    let translated = |exposure: &&Exposure| matches!(exposure.door.kind, DoorKind::Translated { .. });
    if !scene.exposures.iter().any(|exposure| translated(&exposure)) {
        return Vec::new();
    }
    let bare = untranslated(scene.ruleset);
    let without = Simulator::new(&bare, scene.network);
    let doors = scene.exposures.iter().filter(translated);
    let mut found: Vec<Bypass<'_>> = doors.flat_map(|exposure| bypasses(scene, &without, exposure)).collect();
    let mut findings = Vec::new();
    while let Some(first) = found.first() {
        let key = (first.engine.clone(), fix::owner(scene.ruleset, first.denied_by).cloned());
        let (same, rest): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|it| it.engine == key.0 && fix::owner(scene.ruleset, it.denied_by) == key.1.as_ref());
        findings.extend(finding(scene, &same));
        found = rest;
    }
    findings
}

/// The rules without their translations. Chains keep their places.
fn untranslated(ruleset: &Ruleset) -> Ruleset {
    let mut bare = ruleset.clone();
    for chain in &mut bare.chains {
        chain.base = chain.base.take().filter(|base| base.kind != ChainKind::Nat);
    }
    bare
}

fn bypasses<'a>(scene: &Scene<'_>, without: &Simulator<'_>, exposure: &'a Exposure) -> Vec<Bypass<'a>> {
    let mut found = Vec::new();
    for family in &exposure.families {
        let zones = wording::open_zones(family);
        for part in family.parts_elsewhere().filter(|part| part.verdict == Verdict::Allow) {
            let Some(taken) = ask::witness(scene, scene.simulator, &part.witness) else { continue };
            let Some((translation, engine)) = translation(scene.ruleset, &taken) else { continue };
            let Some(denied_by) =
                ask::witness(scene, without, &part.witness).as_ref().and_then(denied_at_input)
            else {
                continue;
            };
            let zones = zones.clone();
            found.push(Bypass {
                exposure,
                version: family.version,
                part,
                zones,
                engine,
                translation,
                denied_by,
            });
            // One way in is enough to show.
            break;
        }
    }
    found
}

/// The rule that translated the destination, where a container engine wrote it.
fn translation(ruleset: &Ruleset, simulation: &Simulation) -> Option<(Decider, Owner)> {
    let steps = simulation.outcomes.iter().flat_map(|outcome| &outcome.steps);
    steps.into_iter().find_map(|step| {
        let Step::Rule { chain, rule, effect: Effect::Nat, .. } = step else { return None };
        let by = Decider::Rule(*chain, *rule);
        let owner = fix::owner(ruleset, by)?;
        is_engine(owner).then(|| (by, owner.clone()))
    })
}

fn is_engine(owner: &Owner) -> bool {
    matches!(owner, Owner::Docker | Owner::Podman | Owner::CniPlugins)
}

/// What denies the packet for certain, as a rule or policy for the host itself.
fn denied_at_input(simulation: &Simulation) -> Option<Decider> {
    let [only] = simulation.outcomes.as_slice() else { return None };
    let at_input = only.steps.iter().any(|step| matches!(step, Step::Hook { hook: Hook::Input, .. }));
    match only.end {
        End::Dropped(by) | End::Rejected(by, _) if at_input && !simulation.truncated => Some(by),
        _ => None,
    }
}

fn finding(scene: &Scene<'_>, same: &[Bypass<'_>]) -> Option<Finding> {
    let first = same.first()?;
    let filter = fix::owner(scene.ruleset, first.denied_by);
    let filter_name = filter.map_or_else(|| "the firewall".to_owned(), ToString::to_string);
    let engine = &first.engine;
    let internet = same.iter().any(|it| it.zones.contains(&zone::INTERNET));
    let doors = wording::doors(same.iter().map(|it| &it.exposure.door));
    let who = if internet { "the internet reaches" } else { "others reach" };
    let mut evidence = Vec::new();
    for it in same.iter().take(8) {
        let zones: Vec<&str> = it.zones.iter().map(|zone| wording::zone_name(zone)).collect();
        evidence.push(format!(
            "{}, {}: reachable from {}",
            wording::door(&it.exposure.door),
            it.version.name(),
            zones.join(", ")
        ));
        evidence.push(format!("bound to the container by {}", wording::decider(scene, it.translation)));
        evidence.push(format!("let through by {}", wording::first_decision(it.part)));
        evidence.push(format!("{filter_name} would deny it by {}", wording::decider(scene, it.denied_by)));
    }
    if same.len() > 8 {
        evidence.push(format!("and {} more", same.len() - 8));
    }
    let severity = if internet { Severity::High } else { Severity::Medium };
    let subjects = same.iter().flat_map(|it| {
        let rule = wording::rule_subject(scene, it.translation);
        wording::subjects(&it.exposure.door).into_iter().chain(rule)
    });
    Some(Finding {
        id: format!("firewall/{}-bypasses-{}", slug_of_engine(engine), slug_of_filter(filter)),
        severity,
        title: format!("{engine} publishes {doors} past {filter_name}: {who} what it denies"),
        reason: "The engine translates the destination before the routing decision, so that the packet is forwarded to the \
                 container and never meets the rules for the host itself, whatever they say of the port."
            .to_owned(),
        evidence,
        fix: fixes(first, filter),
        reproduce: Some(wording::listing(scene, first.translation)),
        subjects: subjects.collect(),
    })
}

fn slug_of_engine(engine: &Owner) -> &'static str {
    match engine {
        Owner::Docker => "docker",
        Owner::Podman => "podman",
        _ => "container",
    }
}

fn slug_of_filter(filter: Option<&Owner>) -> &'static str {
    match filter {
        Some(Owner::Ufw) => "ufw",
        Some(Owner::Firewalld) => "firewalld",
        _ => "firewall",
    }
}

fn fixes(first: &Bypass<'_>, filter: Option<&Owner>) -> Vec<String> {
    let door = &first.exposure.door;
    let to = match door.kind {
        DoorKind::Translated { to } => to.port(),
        DoorKind::Listener | DoorKind::Behind => door.port,
    };
    let udp = if door.protocol.name() == "udp" { "/udp" } else { "" };
    let (port, protocol) = (door.port, door.protocol.name());
    let program = if first.engine == Owner::Podman { "podman" } else { "docker" };
    let loopback = if first.version == IpVersion::Ipv6 { "[::1]" } else { "127.0.0.1" };
    let mut fixes = vec![format!(
        "If only this host needs it, publish it on loopback: {program} run -p {loopback}:{port}:{to}{udp} ... (in a compose file: \
         ports: [\"{loopback}:{port}:{to}{udp}\"])"
    )];
    let device = first.part.interfaces.first().map_or("eth0", String::as_str);
    let tables = if first.version == IpVersion::Ipv6 { "ip6tables" } else { "iptables" };
    if first.engine == Owner::Docker {
        let keep = match filter {
            Some(Owner::Ufw) => "; to keep it, put the rule under *filter into /etc/ufw/after.rules",
            Some(Owner::Firewalld) => {
                "; to keep it, add it with firewall-cmd --permanent --direct --add-rule"
            }
            _ => "",
        };
        fixes.push(format!(
            "Or let only some in, in the chain that Docker leaves to you: {tables} -I DOCKER-USER -i {device} ! -s ALLOWED_NETWORK -p \
             {protocol} -m conntrack --ctorigdstport {port} --ctdir ORIGINAL -j DROP{keep}"
        ));
    }
    if filter == Some(&Owner::Firewalld) {
        fixes.push(
            "With firewalld 2.3 or later: StrictForwardPorts=yes in /etc/firewalld/firewalld.conf, then open ports with \
             firewall-cmd --add-forward-port."
                .to_owned(),
        );
    }
    fixes
}

#[cfg(test)]
mod tests {
    use portreeve_model::Severity;

    use super::bypasses_filter;
    use crate::reach::findings::testing::{DOCKER_NAT, Host};

    const UFW: &str = "\
-A INPUT -j ufw-before-input\n-A INPUT -j ufw-user-input\n\
-A ufw-before-input -i lo -j ACCEPT\n-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT\n";

    fn with_docker(ufw: &str) -> Host {
        let filter = format!(
            "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:ufw-before-input - [0:0]\n\
             :ufw-user-input - [0:0]\n:DOCKER - [0:0]\n:DOCKER-USER - [0:0]\n{ufw}-A FORWARD -j DOCKER-USER\n\
             -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A FORWARD -o docker0 -j DOCKER\n\
             -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT\nCOMMIT\n"
        );
        Host::new().with_docker().iptables(&format!("{DOCKER_NAT}{filter}")).translated(8080, "172.17.0.2:80")
    }

    #[test]
    fn a_port_that_ufw_denies_and_docker_lets_in() {
        let finding = with_docker(UFW).only(bypasses_filter);
        assert_eq!(finding.id, "firewall/docker-bypasses-ufw");
        assert_eq!(finding.severity, Severity::High);
        assert!(finding.title.contains("tcp 8080 past ufw"), "{}", finding.title);
        let evidence = finding.evidence.join("\n");
        assert!(
            evidence.contains("ufw would deny it by the policy of") && evidence.contains("of Docker"),
            "{evidence}"
        );
        assert!(finding.fix[0].contains("127.0.0.1:8080:80"), "{}", finding.fix[0]);
        assert!(finding.fix[1].contains("DOCKER-USER -i eth0"), "{}", finding.fix[1]);
    }

    #[test]
    fn a_port_that_ufw_lets_in_too_is_meant_to_be_open() {
        let open = format!("{UFW}-A ufw-user-input -p tcp -m tcp --dport 8080 -j ACCEPT\n");
        with_docker(&open).none(bypasses_filter);
    }

    #[test]
    fn without_a_firewall_nothing_is_bypassed() {
        let open = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
        Host::new()
            .with_docker()
            .iptables(&format!("{DOCKER_NAT}{open}"))
            .translated(8080, "172.17.0.2:80")
            .none(bypasses_filter);
    }
}
