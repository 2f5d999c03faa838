//! Rules that drop or refuse, on the way there or back.

use std::net::{IpAddr, SocketAddr};

use portreeve_firewall::answer::listing;
use portreeve_model::Severity;
use portreeve_model::reach::{Answer, Decider, Effect, Step};

use super::fix::{self, Wanted};
use crate::case::Case;
use crate::facts::path::{Flow, Purpose, State, Way};
use crate::layers::flows::{Found, Survey, clients, list, survey, words};
use crate::layers::{FaultDraft, Judgement};

/// What denies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Denial<'a> {
    /// The answer is denied, not the first packet.
    back: bool,
    /// Where.
    hook: &'a str,
    /// By what.
    by: &'a Decider,
}

/// The messages of routers do not come in.
pub(super) struct Blocked {
    /// One sentence.
    pub(super) statement: String,
}

pub(super) fn judge(case: &Case, judgement: &mut Judgement) {
    if case.path.missing_rules().is_some() {
        // What was not read may have accepted it, or sent it elsewhere, before.
        return;
    }
    let survey = survey(case, denial);
    for found in &survey.found {
        judgement.add(fault(case, &survey, found));
    }
    if survey.found.is_empty() {
        own(case, judgement);
    }
}

/// What denies a connection: first its first packet, else the answer.
pub(super) fn denial(flow: &Flow) -> Option<Denial<'_>> {
    let (way, back) = if flow.arrives() == State::ByRule {
        (flow.ends()?, false)
    } else if flow.returns() == Some(State::ByRule) && flow.arrives() != State::ByHost && !flow.is_untracked()
    {
        (flow.answer_ends()?, true)
    } else {
        return None;
    };
    Some(Denial { back, hook: way.hook(), by: way.decider()? })
}

fn fault(case: &Case, survey: &Survey<'_, Denial<'_>>, found: &Found<'_, Denial<'_>>) -> FaultDraft {
    let Some(flow) = found.flows.first().copied() else { return FaultDraft::all("input-dropped", "") };
    let denial = found.what;
    let answer = answer_of(flow, denial.back);
    let how = how(answer);
    let to = list(&found.endpoints);
    let (code, statement) = if !found.whole {
        let who = clients(&found.flows);
        let others = who_gets_in(case, flow);
        if is_ban(denial.by, flow.client.address) {
            ("banned", format!("{who} is banned: what it sends to {to} is {how}{others}"))
        } else {
            ("sources-restricted", format!("{who} does not get to {to}: it is {how}{others}"))
        }
    } else if let Some((closed, open)) = family(case, survey, found) {
        let what = what(case, flow, denial, &to);
        ("family-blocked", format!("{closed} is closed and {open} is open: {what} {how}"))
    } else {
        (code(flow, denial), format!("{} {how}", what(case, flow, denial, &to)))
    };
    let draft = survey.fault(found, code, statement);
    let draft = if code == "sources-restricted" && case.question.from.is_none() && !is_public(flow) {
        draft.severity(Severity::Low)
    } else {
        draft
    };
    explained(case, draft, flow, denial)
}

/// Whether the endpoint has an address that the internet knows.
fn is_public(flow: &Flow) -> bool {
    match flow.endpoint.ip() {
        IpAddr::V4(v4) => !v4.is_private(),
        IpAddr::V6(v6) => !v6.is_unique_local(),
    }
}

/// Evidence and remedies.
fn explained(case: &Case, draft: FaultDraft, flow: &Flow, denial: Denial<'_>) -> FaultDraft {
    let answer = answer_of(flow, denial.back);
    let mut draft = match denial.by {
        Decider::Rule(rule) => {
            let counted =
                rule.packets.map_or_else(String::new, |packets| format!(" (counted {packets} packets)"));
            let handle = rule.handle.map_or_else(String::new, |handle| format!(" # handle {handle}"));
            draft.seen(
                "rule",
                format!("{} {} {}: {}{handle}{counted}", rule.family, rule.table, rule.chain, rule.text),
                listing(denial.by),
            )
        }
        Decider::Policy(chain) => {
            let policy = chain.base.as_ref().map_or("drop", |base| base.policy.as_str());
            draft.seen(
                "policy",
                format!("{} {} {}: policy {policy}", chain.family, chain.table, chain.name),
                listing(denial.by),
            )
        }
    };
    if let Some(rule) = accepted_before(answer, denial) {
        draft = draft.seen(
            "rule",
            format!(
                "accepted before by {} {} {}: {}; that ends its own base chain only, and later ones still decide",
                rule.family, rule.table, rule.chain, rule.text
            ),
            listing(&Decider::Rule(Box::new(rule.clone()))),
        );
    }
    if flow.is_untracked() {
        draft = draft.seen(
            "packet",
            "connection tracking does not see it (notrack): rules about `ct state` do not match as for others",
            "nft list ruleset | grep -n notrack; iptables-save -t raw",
        );
    }
    draft = draft.seen(
        "packet",
        format!("simulated: {}", answer.packet),
        answer.reproduce.last().cloned().unwrap_or_default(),
    );
    let wanted = Wanted::of(case, flow, denial.hook, denial.back);
    let chains = flow.ends().map(Way::chains).unwrap_or_default();
    fix::remedies(&case.path, denial.by, &wanted, &chains).into_iter().fold(draft, FaultDraft::fix)
}

/// The rule of another base chain at the same hook that had accepted the packet, which people take for an answer.
fn accepted_before<'a>(answer: &'a Answer, denial: Denial<'_>) -> Option<&'a portreeve_model::reach::Rule> {
    let outcome = answer.outcomes.first()?;
    let (mut hook, mut found) = ("", None);
    for step in &outcome.steps {
        match step {
            Step::Hook { hook: next, .. } => hook = next,
            Step::Rule { rule, effect: Effect::Accept, .. } if hook == denial.hook => found = Some(&**rule),
            _ => {}
        }
    }
    found
}

fn answer_of(flow: &Flow, back: bool) -> &Answer {
    if back { flow.back.as_ref().unwrap_or(&flow.there) } else { &flow.there }
}

/// `dropped by ...`, `refused with ... by ...`.
fn how(answer: &Answer) -> String {
    let bad = answer.outcomes.iter().find(|outcome| Way(outcome).decider().is_some());
    bad.map_or_else(|| answer.statement.clone(), |outcome| outcome.statement.clone())
}

/// The subject of the sentence, with its verb.
fn what(case: &Case, flow: &Flow, denial: Denial<'_>, to: &str) -> String {
    let things = if case.is_tcp() { "Connections" } else { "Datagrams" };
    let outgoing = case.here().all(|endpoint| endpoint.address != flow.endpoint);
    match (denial.back, outgoing, denial.hook) {
        (true, true, _) => format!("Answers of {to} to this host are"),
        (true, false, _) => format!("{things} to {to} come in, and the answers are"),
        (false, true, _) => format!("{things} of this host to {to} are"),
        (false, false, "forward" | "postrouting") => match flow.translated() {
            Some(at) => format!("{things} to {to} are sent on to {at}, and on the way"),
            None => format!("{things} to {to} are"),
        },
        (false, false, _) => format!("{things} to {to} are"),
    }
}

fn code(flow: &Flow, denial: Denial<'_>) -> &'static str {
    if denial.back {
        return "reply-dropped";
    }
    let refused = flow.ends().and_then(Way::refusal).is_some();
    let sent_on = flow.translated().is_some();
    match (denial.hook, refused) {
        ("output" | "postrouting" | "egress", false) if !sent_on => "output-dropped",
        ("output" | "postrouting" | "egress", true) if !sent_on => "output-rejected",
        ("forward" | "postrouting" | "egress", false) => "forward-dropped",
        ("forward" | "postrouting" | "egress", true) => "forward-rejected",
        (_, false) => "input-dropped",
        (_, true) => "input-rejected",
    }
}

/// The IP version that is closed and the one that is open, where that is what tells them apart: on the same interface.
fn family(
    case: &Case,
    survey: &Survey<'_, Denial<'_>>,
    found: &Found<'_, Denial<'_>>,
) -> Option<(&'static str, &'static str)> {
    let closed = || survey.found.iter().filter(|one| one.whole).flat_map(|one| &one.endpoints);
    let first = found.endpoints.first()?;
    let same = |address: &SocketAddr| address.is_ipv4() == first.is_ipv4();
    let on = |address: &SocketAddr| {
        case.endpoints.iter().find(|one| one.address == *address).and_then(|one| one.interface.as_deref())
    };
    let beside = survey.open.iter().any(|open| on(open) == on(first));
    let tells = beside && closed().all(same) && !survey.open.iter().any(same);
    tells.then_some(if first.is_ipv4() { ("IPv4", "IPv6") } else { ("IPv6", "IPv4") })
}

/// `; a neighbour on eth0 gets in`.
fn who_gets_in(case: &Case, denied: &Flow) -> String {
    let mut others: Vec<String> = Vec::new();
    for flow in case.path.flows.iter().filter(|flow| flow.endpoint == denied.endpoint) {
        let who = &flow.client.who;
        if flow.purpose != Purpose::Own && denial(flow).is_none() && !others.contains(who) {
            others.push(who.clone());
        }
    }
    match others.len() {
        0 => String::new(),
        1 => format!("; {} gets in", words(&others)),
        _ => format!("; {} get in", words(&others)),
    }
}

/// Whether a rule denies because of who the client is: an element of a set, or this very address.
fn is_ban(by: &Decider, client: IpAddr) -> bool {
    let Decider::Rule(rule) = by else { return false };
    let owner = rule.owner.as_deref().unwrap_or_default();
    let bans = ["fail2ban", "CrowdSec", "SSHGuard", "psad"].contains(&owner)
        || ["f2b-", "fail2ban-", "sshguard", "crowdsec", "CROWDSEC"]
            .iter()
            .any(|name| rule.chain.starts_with(name));
    let text = rule.text.as_str();
    let in_set = (text.contains("saddr @") || text.contains("--match-set") && text.contains(" src"))
        && !text.contains("! --match-set");
    bans || in_set || names(text, client)
}

/// Whether a rule's only source is this address.
fn names(text: &str, client: IpAddr) -> bool {
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        if matches!(word, "saddr" | "-s" | "--source") {
            let bare = words.peek().map(|next| next.split('/').next().unwrap_or_default());
            let whole = words
                .peek()
                .is_some_and(|next| !next.contains('/') || next.ends_with("/32") || next.ends_with("/128"));
            if whole && bare.and_then(|text| text.parse::<IpAddr>().ok()) == Some(client) {
                return true;
            }
        }
    }
    false
}

/// This host itself does not get to its own address, and others do.
fn own(case: &Case, judgement: &mut Judgement) {
    for flow in case.path.flows.iter().filter(|flow| flow.purpose == Purpose::Own) {
        let Some(denial) = denial(flow) else { continue };
        let statement = format!(
            "This host itself does not get to {}, and others do: it is {}",
            flow.endpoint,
            how(answer_of(flow, denial.back))
        );
        let draft =
            FaultDraft::at("sources-restricted", statement, vec![flow.endpoint], 1).severity(Severity::Low);
        judgement.add(explained(case, draft, flow, denial));
    }
}

/// Whether a message that packets are too big is kept out by a rule.
pub(super) fn too_big(case: &Case) -> Option<Blocked> {
    let denied = |flow: &&Flow| {
        flow.purpose == Purpose::Asked
            && flow.too_big.as_ref().is_some_and(|answer| crate::facts::path::state(answer) == State::ByRule)
            && denial(flow).is_none()
    };
    let flow = case.path.flows.iter().find(denied)?;
    let answer = flow.too_big.as_ref()?;
    let name = if flow.endpoint.is_ipv4() { "ICMP fragmentation needed" } else { "ICMPv6 packet too big" };
    Some(Blocked {
        statement: format!(
            "a router's message that packets are too big ({name}) does not come in: it is {}; connections through a link with a \
             smaller MTU can hang",
            answer.statement
        ),
    })
}
