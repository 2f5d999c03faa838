//! Rules that drop what belongs to no known connection.

use std::net::SocketAddr;

use portreeve_firewall::answer::listing;
use portreeve_firewall::ir::{Rule, Statement, Verdict};
use portreeve_model::reach::{Decider, Effect, Step};

use crate::case::Case;
use crate::facts::path::{Flow, Purpose, State};
use crate::layers::{FaultDraft, Judgement};

pub(super) fn judge(case: &Case, judgement: &mut Judgement) {
    untracked(case, judgement);
    invalid(case, judgement);
}

/// A rule takes connections out of tracking on the way in, and the answers meet a rule for packets of no connection.
fn untracked(case: &Case, judgement: &mut Judgement) {
    let dropped = |flow: &&Flow| {
        flow.purpose == Purpose::Asked
            && flow.is_untracked()
            && flow.arrives() == State::Arrives
            && flow.returns() == Some(State::ByRule)
    };
    let flows: Vec<&Flow> = case.path.flows.iter().filter(dropped).collect();
    let Some(flow) = flows.first() else { return };
    let Some(way) = flow.answer_ends() else { return };
    let mut endpoints: Vec<SocketAddr> = flows.iter().map(|flow| flow.endpoint).collect();
    endpoints.dedup();
    let statement = format!(
        "Connections to {} are not tracked on the way in, so that the answers belong to no known one, and are {}",
        flow.endpoint, way.0.statement
    );
    let others = case.others(&endpoints);
    let mut draft = FaultDraft::at("untracked-reply-dropped", statement, endpoints, others);
    if let Some(by) = way.decider() {
        draft = draft.seen("rule", portreeve_firewall::answer::decider(by), listing(by));
    }
    let notrack = flow.there.outcomes.iter().flat_map(|outcome| &outcome.steps).find_map(|step| match step {
        Step::Rule { rule, effect: Effect::Continue | Effect::Accept, .. }
            if rule.text.contains("notrack")
                || rule.text.contains("NOTRACK")
                || rule.text.contains("CT ") =>
        {
            Some(rule)
        }
        _ => None,
    });
    if let Some(rule) = notrack {
        draft =
            draft.seen("rule", portreeve_firewall::answer::rule(rule), listing(&Decider::Rule(rule.clone())));
    }
    let port = flow.endpoint.port();
    judgement.add(
        draft
            .fix(format!(
                "leave the answers untracked, too: nft add rule ip raw output tcp sport {port} notrack; iptables -t raw -A OUTPUT -p tcp \
                 --sport {port} -j CT --notrack; and accept them"
            ))
            .fix("or have the connections tracked: take the notrack rule out"),
    );
}

/// A rule that drops invalid packets counted some while it was looked.
fn invalid(case: &Case, judgement: &mut Judgement) {
    let grown = case.conntrack.grown(|stat| stat.invalid);
    if grown == 0 {
        return;
    }
    let Some(ruleset) = &case.path.ruleset else { return };
    for chain in &ruleset.chains {
        for rule in chain.rules.iter().filter(|rule| drops_invalid(rule)) {
            let place =
                format!("{} {} {} {}", chain.family.name(), chain.table, chain.name, rule.origin.position);
            let Some((_, packets)) = case.path.counted.iter().find(|(counted, _)| *counted == place) else {
                continue;
            };
            let statement = format!(
                "{packets} packets of no known connection were dropped while it was looked, by `{}` ({} {} {}): answers by another way, \
                 late or damaged segments",
                rule.text,
                chain.family.name(),
                chain.table,
                chain.name
            );
            judgement.add(
                FaultDraft::some("invalid-dropped", statement)
                    .seen("counter", format!("invalid grew by {grown}"), "conntrack -S")
                    .seen(
                        "rule",
                        format!("{} {} {}: {}", chain.family.name(), chain.table, chain.name, rule.text),
                        "nft list ruleset; iptables-save -c",
                    )
                    .fix("see what they are: sysctl -w net.netfilter.nf_conntrack_log_invalid=6, then dmesg")
                    .fix("where both directions do not pass this host: sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=1"),
            );
            return;
        }
    }
}

/// Whether a rule drops or refuses what is `ct state invalid`.
fn drops_invalid(rule: &Rule) -> bool {
    let text = rule.text.to_ascii_lowercase();
    let asks = text.contains("ct state invalid") || text.contains("state invalid");
    let ends = rule
        .statements
        .iter()
        .any(|statement| matches!(statement, Statement::Verdict(Verdict::Drop) | Statement::Reject(_)));
    asks && ends
}
