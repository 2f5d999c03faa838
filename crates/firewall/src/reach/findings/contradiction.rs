//! `firewall/accepted-then-dropped`: a packet to a listener that one chain's rule accepts by its port, and another chain of the
//! same hook drops.
//!
//! An accept ends its own base chain only; the others still decide. Bans are no contradiction: what drops must not ask where the
//! packet comes from.

use portreeve_model::exposure::{Exposure, FamilyExposure, Part};
use portreeve_model::reach::Verdict;
use portreeve_model::{Finding, Severity};

use super::{Scene, ask, fix, opened, wording};
use crate::ir::owner::Owner;
use crate::ir::{ChainId, Hook};
use crate::simulate::{Decider, Effect, End, Simulation, Step};

/// A rule that accepts in vain.
struct Clash<'a> {
    exposure: &'a Exposure,
    part: &'a Part,
    accepted_by: Decider,
    dropped_by: Decider,
}

pub(super) fn accepted_then_dropped(scene: &Scene<'_>) -> Vec<Finding> {
    let mut found = clashes(scene);
    let mut findings = Vec::new();
    while let Some(first) = found.first() {
        let key = place(scene, first.dropped_by);
        let (same, rest): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|clash| place(scene, clash.dropped_by) == key);
        findings.extend(finding(scene, &same));
        found = rest;
    }
    findings
}

/// The doors that somebody meant to open and that stay closed.
pub(super) fn is_of<'a>(scene: &Scene<'a>) -> Vec<&'a Exposure> {
    clashes(scene).into_iter().map(|clash| clash.exposure).collect()
}

fn clashes<'a>(scene: &Scene<'a>) -> Vec<Clash<'a>> {
    let mut found: Vec<Clash<'a>> = Vec::new();
    for exposure in scene.exposures {
        let parts = exposure.families.iter().flat_map(FamilyExposure::parts_elsewhere);
        for part in parts.filter(|part| part.verdict == Verdict::Deny && !part.witness.is_empty()) {
            let Some(simulation) = ask::witness(scene, scene.simulator, &part.witness) else { continue };
            let Some((accepted_by, dropped_by)) = clash(scene, &simulation) else { continue };
            let known = |it: &Clash<'_>| {
                std::ptr::eq(it.exposure, exposure)
                    && it.accepted_by == accepted_by
                    && it.dropped_by == dropped_by
            };
            if !found.iter().any(known) {
                found.push(Clash { exposure, part, accepted_by, dropped_by });
            }
        }
    }
    found
}

/// The rule that accepted by port, and what dropped for certain in another base chain of the same hook.
fn clash(scene: &Scene<'_>, simulation: &Simulation) -> Option<(Decider, Decider)> {
    let [only] = simulation.outcomes.as_slice() else { return None };
    let (End::Dropped(dropped_by) | End::Rejected(dropped_by, _)) = only.end else { return None };
    if let Decider::Rule(chain, rule) = dropped_by
        && opened::tests_source(scene.ruleset.chain(chain)?.rules.get(rule)?)
    {
        return None;
    }
    let (mut hook, mut base, mut accepted) = (None::<Hook>, None::<ChainId>, None::<(ChainId, Decider)>);
    for step in &only.steps {
        match step {
            Step::Hook { hook: next, .. } => (hook, accepted) = (Some(*next), None),
            Step::Chain(next) => base = Some(*next),
            Step::Rule { chain, rule, effect: Effect::Accept, .. } => {
                let opens =
                    !opened::ports(scene.ruleset, scene.ruleset.chain(*chain)?.rules.get(*rule)?).is_empty();
                if let (true, Some(base)) = (opens && matches!(hook, Some(Hook::Input | Hook::Forward)), base)
                {
                    accepted = Some((base, Decider::Rule(*chain, *rule)));
                }
            }
            _ => {}
        }
    }
    let (accepted_in, accepted_by) = accepted?;
    (base? != accepted_in).then_some((accepted_by, dropped_by))
}

/// What drops, IPv4 and IPv6 alike: the same software at the same place is one cause.
fn place<'a>(scene: &Scene<'a>, by: Decider) -> (Option<&'a Owner>, Option<(&'a str, &'a str)>) {
    let chain = scene.ruleset.chain(chain_of(by));
    (fix::owner(scene.ruleset, by), chain.map(|chain| (&*chain.table, &*chain.name)))
}

fn chain_of(by: Decider) -> ChainId {
    let (Decider::Rule(chain, _) | Decider::Policy(chain)) = by;
    chain
}

fn finding(scene: &Scene<'_>, same: &[Clash<'_>]) -> Option<Finding> {
    let first = same.first()?;
    let doors = wording::doors(same.iter().map(|clash| &clash.exposure.door));
    let mut evidence = Vec::new();
    for clash in same.iter().take(8) {
        evidence.push(format!("{}: {}", wording::door(&clash.exposure.door), clash.part.witness));
        evidence.push(format!("accepted by {}", wording::decider(scene, clash.accepted_by)));
        evidence.push(format!("then dropped by {}", wording::decider(scene, clash.dropped_by)));
    }
    if same.len() > 8 {
        evidence.push(format!("and {} more", same.len() - 8));
    }
    let owner = fix::owner(scene.ruleset, first.dropped_by).map(ToString::to_string);
    let dropper = owner.unwrap_or_else(|| wording::chain(scene, chain_of(first.dropped_by)));
    let protocol = number(first.exposure);
    let mut fix = vec![format!(
        "To let it in, say so where it is dropped, too: {}{}",
        scene.enter,
        fix::open(scene.ruleset, first.dropped_by, protocol, first.exposure.door.port)
    )];
    if let Decider::Rule(chain, rule) = first.accepted_by
        && let Some(rule_text) = scene.ruleset.chain(chain).and_then(|chain| chain.rules.get(rule))
        && let Some(command) =
            fix::remove(scene.ruleset, chain, rule, &opened::ports(scene.ruleset, rule_text))
    {
        fix.push(format!(
            "To keep it closed, take the rule away that does nothing: {}{command}",
            scene.enter
        ));
    }
    let rules = same.iter().flat_map(|clash| [clash.accepted_by, clash.dropped_by]);
    let rules = rules.filter_map(|by| wording::rule_subject(scene, by));
    Some(Finding {
        id: "firewall/accepted-then-dropped".to_owned(),
        severity: Severity::Medium,
        title: format!("{doors}: a rule accepts it, and {dropper} drops it all the same"),
        reason: "An accept ends its own base chain only. Every other base chain of the hook still decides, in the order of their \
                 priorities, and a drop is final."
            .to_owned(),
        evidence,
        fix,
        reproduce: Some(wording::listing(scene, first.dropped_by)),
        subjects: rules.chain(same.iter().flat_map(|clash| wording::subjects(&clash.exposure.door))).collect(),
    })
}

fn number(exposure: &Exposure) -> u8 {
    match exposure.door.protocol.name() {
        "udp" => 17,
        "sctp" => 132,
        "udplite" => 136,
        _ => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::accepted_then_dropped;
    use crate::reach::findings::testing::{Host, NFT_ACCEPT_8080, NFT_DROP};

    const CLOSED: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:ufw-user-input - [0:0]\n\
        -A INPUT -j ufw-user-input\n-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";

    #[test]
    fn an_accept_in_one_table_and_a_policy_in_another() {
        let host = Host::new().iptables(CLOSED).ip6tables(CLOSED).nft(NFT_ACCEPT_8080);
        let finding = host.listener(8080, "app").listener(22, "sshd").only(accepted_then_dropped);
        assert_eq!(finding.id, "firewall/accepted-then-dropped");
        assert!(finding.title.starts_with("tcp 8080:"), "{}", finding.title);
        assert!(finding.evidence[1].contains("tcp dport 8080 accept"), "{:?}", finding.evidence);
        assert!(
            finding.evidence[2].contains("policy of legacy chain ip filter INPUT"),
            "{:?}",
            finding.evidence
        );
        assert!(finding.fix[0].ends_with("ufw allow 8080/tcp"), "{:?}", finding.fix);
        assert!(finding.fix[1].contains("nft delete rule inet mine input handle"), "{:?}", finding.fix);
    }

    #[test]
    fn one_firewall_or_a_ban_contradicts_nothing() {
        Host::new().nft(NFT_DROP).listener(8080, "app").none(accepted_then_dropped);
        let bans = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
            -A INPUT -s 0.0.0.0/1 -j DROP\nCOMMIT\n";
        Host::new().iptables(bans).nft(NFT_ACCEPT_8080).listener(8080, "app").none(accepted_then_dropped);
    }
}
