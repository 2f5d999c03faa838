//! Rules with a memory or chance: limits, sets that packets fill, shares of packets.
//!
//! Such a rule is no fault by being there. That it drops now is seen where its counter grew between the two looks, or where this
//! host's own trial met it and was not answered.

use portreeve_firewall::answer::{decider, listing};
use portreeve_model::reach::{Cause, Decider, Outcome};

use crate::case::Case;
use crate::facts;
use crate::facts::path::{Flow, Purpose, State, Way};
use crate::layers::flows::list;
use crate::layers::{FaultDraft, Judgement};

/// A rule that denies some packets and not others.
struct Limited<'a> {
    flow: &'a Flow,
    by: &'a Decider,
    causes: Vec<&'a Cause>,
}

pub(super) fn judge(case: &Case, judgement: &mut Judgement) {
    let mut told: Vec<&Decider> = Vec::new();
    for flow in case.path.flows.iter().filter(|flow| flow.purpose != Purpose::Compared) {
        let Some(limited) = limited(flow) else { continue };
        if told.contains(&limited.by) {
            continue;
        }
        told.push(limited.by);
        one(case, judgement, &limited);
    }
}

fn one(case: &Case, judgement: &mut Judgement, limited: &Limited<'_>) {
    let to = list(&[limited.flow.endpoint]);
    let what: Vec<&str> = limited.causes.iter().map(|cause| cause.text.as_str()).collect();
    let rule = decider(limited.by);
    if limited.causes.iter().any(|cause| cause.kind == "chance") {
        let statement = format!("Of the packets to {to} a share is dropped by chance, by {rule}");
        judgement.add(remedied(seen(FaultDraft::some("random-drop", statement), limited), limited));
        return;
    }
    let statement = format!(
        "New connections to {to} are limited ({}); those beyond are dropped or refused by {rule}",
        what.join(", ")
    );
    match bites(case, limited) {
        Some(proof) => {
            let draft = FaultDraft::at(
                "rate-limited",
                format!("{statement}: {proof}"),
                vec![limited.flow.endpoint],
                others(case, limited),
            );
            judgement.add(remedied(seen(draft, limited), limited));
        }
        None if limited.flow.purpose != Purpose::Own => judgement.note("rate-limited", statement),
        None => {}
    }
}

/// Endpoints that the trial of this host got to.
fn others(case: &Case, limited: &Limited<'_>) -> usize {
    let answered = |address| case.trials.of(address).is_some_and(facts::Trial::is_answered);
    case.endpoints.iter().filter(|one| one.address != limited.flow.endpoint && answered(one.address)).count()
        + usize::from(answered(limited.flow.endpoint))
}

/// The rule that denies where the limit is reached; none where what becomes of the packet does not hang on such.
fn limited(flow: &Flow) -> Option<Limited<'_>> {
    let answer = if flow.arrives() == State::Depends {
        &flow.there
    } else {
        flow.back
            .as_ref()
            .filter(|back| facts::path::state(back) == State::Depends && flow.arrives() == State::Arrives)?
    };
    let denied = |outcome: &&Outcome| Way(outcome).decider().is_some();
    let outcome = answer.outcomes.iter().find(denied)?;
    let causes: Vec<&Cause> = outcome
        .assumed
        .iter()
        .filter_map(|index| answer.causes.get(usize::try_from(*index).ok()?))
        .filter(|cause| has_memory(cause))
        .collect();
    (!causes.is_empty()).then_some(Limited { flow, by: Way(outcome).decider()?, causes })
}

/// Whether a cause is a limit, a set that packets fill, or chance.
fn has_memory(cause: &Cause) -> bool {
    matches!(
        cause.kind.as_str(),
        "limit"
            | "hash-limit"
            | "quota"
            | "connection-count"
            | "recent"
            | "chance"
            | "time"
            | "changing-set"
            | "other"
    )
}

/// Why it is known that the rule drops now.
fn bites(case: &Case, limited: &Limited<'_>) -> Option<String> {
    if let Decider::Rule(rule) = limited.by {
        let place = format!("{} {} {} {}", rule.family, rule.table, rule.chain, rule.position);
        if let Some((_, packets)) = case.path.counted.iter().find(|(counted, _)| *counted == place) {
            return Some(format!("its counter grew by {packets} while it was looked"));
        }
        if rule.packets.is_some() {
            // It counts, and counted nothing meanwhile.
            return None;
        }
    }
    // The trial of this host met the same rule.
    let own = case.path.flows.iter().find(|flow| {
        flow.endpoint == limited.flow.endpoint
            && (flow.purpose == Purpose::Own || flow.client.interface.is_none())
            && self::limited(flow).is_some_and(|own| own.by == limited.by)
    })?;
    let trial = case.trials.of(own.endpoint)?;
    let refuses = Way::refusal_of(own);
    let met = match &trial.outcome {
        facts::Outcome::Silent(_) => !refuses,
        facts::Outcome::Refused | facts::Outcome::Rejected(_) | facts::Outcome::Prohibited(_) => refuses,
        _ => false,
    };
    met.then(|| "the connection that was tried was not let in".to_owned())
}

fn seen(draft: FaultDraft, limited: &Limited<'_>) -> FaultDraft {
    let text = match limited.by {
        Decider::Rule(rule) => format!("{} {} {}: {}", rule.family, rule.table, rule.chain, rule.text),
        Decider::Policy(chain) => format!("{} {} {}: policy drop", chain.family, chain.table, chain.name),
    };
    let draft = draft.seen("rule", text, listing(limited.by));
    limited.causes.iter().filter_map(|cause| cause.rule.as_deref()).fold(draft, |draft, rule| {
        draft.seen(
            "limit",
            format!("{} {} {}: {}", rule.family, rule.table, rule.chain, rule.text),
            listing(&Decider::Rule(Box::new(rule.clone()))),
        )
    })
}

fn remedied(draft: FaultDraft, limited: &Limited<'_>) -> FaultDraft {
    let rule = limited.causes.iter().find_map(|cause| cause.rule.as_deref());
    let rule = rule.or(match limited.by {
        Decider::Rule(rule) => Some(&**rule),
        Decider::Policy(_) => None,
    });
    let Some(rule) = rule else { return draft };
    let chain = format!("{} {} {}", rule.family, rule.table, rule.chain);
    match (rule.owner.as_deref(), rule.handle) {
        (Some("ufw"), _) => draft.fix("ufw status numbered; ufw delete limit PORT, then ufw allow PORT"),
        (Some("fail2ban"), _) => draft.fix("fail2ban-client status; fail2ban-client unban ADDRESS"),
        (Some(owner), _) => draft.fix(format!("raise or remove the limit in the configuration of {owner}")),
        (None, Some(handle)) if rule.backend == "nft" => draft.fix(format!(
            "raise the limit: nft replace rule {chain} handle {handle} ...; or remove it: nft delete rule {chain} handle {handle}"
        )),
        _ => draft.fix(format!("raise or remove the limit: rule {} of {chain}", rule.position)),
    }
}

impl Way<'_> {
    /// Whether the first packet of a connection is refused with a message where it is denied.
    fn refusal_of(flow: &Flow) -> bool {
        flow.there.outcomes.iter().any(|outcome| Way(outcome).refusal().is_some())
    }
}
