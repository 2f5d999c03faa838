//! One network namespace: its rules understood, its doors surveyed, its findings made.

use std::path::Path;

use portreeve_firewall::reach::exposure::{Query, Surveyor, Translated};
use portreeve_firewall::reach::findings::{self, Scene, Standing};
use portreeve_firewall::reach::zones::{NamedNetwork, Zones};
use portreeve_firewall::read::{BuildError, Firewall, Programs, Services};
use portreeve_firewall::simulate::Simulator;
use portreeve_firewall::space::Budget;
use portreeve_inventory::findings::{FileState, Scene as Machine};
use portreeve_model::exposure::{Door, DoorKind, Exposure};
use portreeve_model::judgement::{FirewallJudgement, JudgementState, NotJudged};
use portreeve_model::{
    Finding, Listener, NamespaceId, NamespaceName, Process, Unseen, UnseenReason, UnseenSubject,
};

use super::{Case, Findings, Judged};
use crate::machine::doors;
use crate::machine::reach::limit;

/// A look is quick: what would take longer is said to be too complex, and `portreeve reach` takes its time.
const BUDGET: Budget = Budget { nodes: 1 << 20, steps: 2_000_000 };

/// Judges a namespace by the rules that were read inside it.
pub(super) fn judge(case: Case<'_>, id: NamespaceId, firewall: &Firewall) -> Judged {
    let (ruleset, errors) = firewall.ruleset();
    let mut unseen = firewall.unseen.clone();
    unseen.extend(errors.iter().map(BuildError::unseen));
    let limits = firewall.limits.iter().map(limit).collect();
    if let Some(obstacle) = unseen.iter().find(|entry| is_obstacle(entry)) {
        let state = JudgementState::NotJudged { why: why(obstacle), detail: obstacle.detail.clone() };
        let firewall = vec![FirewallJudgement { namespace: id, state }];
        return Judged { firewall, unseen: told(case, id, unseen), ..Judged::default() };
    }
    let named = |network: &crate::config::Network| NamedNetwork {
        name: network.name.clone(),
        prefixes: network.prefixes.clone(),
    };
    let networks: Vec<NamedNetwork> = case.config.networks.iter().map(named).collect();
    let zones = Zones::new(&firewall.network, &networks);
    let surveyor = match Surveyor::new(&ruleset, &firewall.network, &zones, BUDGET) {
        Ok(surveyor) => surveyor,
        Err(error) => {
            let state = JudgementState::NotJudged { why: NotJudged::Failed, detail: error.to_string() };
            return Judged {
                firewall: vec![FirewallJudgement { namespace: id, state }],
                ..Judged::default()
            };
        }
    };
    let listeners: Vec<Listener> =
        case.listeners.iter().filter(|it| it.namespace == id && !it.ephemeral).cloned().collect();
    let mut all = doors::doors(&listeners);
    let Translated { doors: translated, .. } = surveyor.translated();
    let forwards = doors::forwards(&listeners, &case.snapshot.containers);
    all.extend(translated.into_iter().map(|door| Door {
        holder: door.holder.clone().or_else(|| holder(&door, &forwards)),
        namespace: id,
        ..door
    }));
    let exposures = surveyor.exposures(&all, &Query::default());
    let findings = match case.findings {
        Findings::Wanted => {
            let simulator = Simulator::new(&ruleset, &firewall.network);
            made(case, id, &simulator, (&ruleset, firewall), (&exposures, &listeners))
        }
        Findings::Omitted => Vec::new(),
    };
    let addresses = firewall.network.addresses.iter().map(|own| own.address).collect();
    Judged {
        exposures,
        findings,
        firewall: vec![FirewallJudgement { namespace: id, state: JudgementState::Judged }],
        limits,
        unseen: told(case, id, unseen),
        networks: vec![(id, addresses)],
    }
}

fn made(
    case: Case<'_>,
    id: NamespaceId,
    simulator: &Simulator<'_>,
    (ruleset, firewall): (&portreeve_firewall::ir::Ruleset, &Firewall),
    (exposures, listeners): (&[Exposure], &[Listener]),
) -> Vec<Finding> {
    let namespace = case.snapshot.namespace(id);
    // What is set up below /etc is set up for the host; a namespace made by hand is given rules by hand.
    let own = namespace.is_some_and(|namespace| namespace.own);
    let of_host =
        namespace.is_some_and(|it| it.own && matches!(it.name, NamespaceName::Host | NamespaceName::Own));
    let services = of_host.then(|| Services::read(Path::new("/")));
    let unlooked = |_: &Process| FileState::Unseen;
    let enter = Machine::new(case.snapshot, listeners, &unlooked).enter(id, None).unwrap_or_default();
    let hidden = |entry: &Unseen| {
        matches!(entry.subject, UnseenSubject::Sockets | UnseenSubject::Namespace)
            && entry.is_incomplete()
            && entry.reason != UnseenReason::Unsupported
    };
    let seen = !case.snapshot.unseen.iter().any(hidden);
    let mut found = findings::findings(&Scene {
        namespace: id,
        ruleset,
        network: &firewall.network,
        simulator,
        exposures,
        listeners: seen.then_some(listeners),
        standing: if own { Standing::Host } else { Standing::Guest },
        services: services.as_ref(),
        enter: &enter,
    });
    if let Some(namespace) = namespace.filter(|_| !own) {
        for finding in &mut found {
            finding.title = format!("{} (in {})", finding.title, namespace.name);
        }
    }
    found
}

/// Whether judging without it would be guessing.
fn is_obstacle(entry: &Unseen) -> bool {
    matches!(entry.subject, UnseenSubject::FirewallRules | UnseenSubject::NetworkState)
        && entry.is_incomplete()
}

fn why(obstacle: &Unseen) -> NotJudged {
    match obstacle.reason {
        UnseenReason::Permission => NotJudged::Permission,
        _ if Programs::default().find("nft").is_err() => NotJudged::NoProgram,
        _ => NotJudged::Failed,
    }
}

/// What was not seen, with the namespace that it is about where that is another one.
fn told(case: Case<'_>, id: NamespaceId, mut unseen: Vec<Unseen>) -> Vec<Unseen> {
    if let Some(namespace) = case.snapshot.namespace(id).filter(|namespace| !namespace.own) {
        for entry in &mut unseen {
            entry.detail = format!("in {}: {}", namespace.name, entry.detail);
        }
    }
    unseen
}

/// The container that a translation leads to, where a forwarder tells its name.
fn holder(door: &Door, forwards: &[(portreeve_model::listener::Forward, String)]) -> Option<String> {
    let DoorKind::Translated { to } = door.kind else { return None };
    forwards.iter().find(|(forward, _)| forward.address == to.ip()).map(|(_, name)| name.clone())
}
