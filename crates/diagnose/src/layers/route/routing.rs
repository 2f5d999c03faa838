//! Routes and checks of the kernel's routing, there and back.

use super::links;
use super::sentences::{self, Trouble};
use crate::case::Case;
use crate::facts::path::{Flow, Purpose, State, Way};
use crate::layers::Judgement;
use crate::layers::flows::survey;

/// Judges what routing does to packets. Interfaces that are down are told already.
pub(super) fn judge(case: &Case, judgement: &mut Judgement, down: &[String]) {
    let is_down = |flow: &Flow| {
        let endpoint = case.endpoints.iter().find(|one| one.address == flow.endpoint);
        let own = endpoint.and_then(|one| one.interface.as_deref());
        own.into_iter()
            .chain(links::ways(flow).map(|(by, _)| by))
            .any(|name| down.iter().any(|one| one == name))
    };
    let survey = survey(case, |flow| if is_down(flow) { None } else { trouble(flow) });
    for found in &survey.found {
        let Some(flow) = found.flows.first() else { continue };
        let (code, statement) = sentences::sentence(case, found, flow);
        let draft = survey.fault(found, code, statement);
        judgement.add(sentences::explained(case, draft, found, flow));
    }
    if survey.found.is_empty() {
        asymmetry(case, judgement);
        without_default_route(case, judgement);
    }
}

/// What routing does to a connection: first to its first packet, else to the answer.
fn trouble(flow: &Flow) -> Option<Trouble<'_>> {
    if flow.arrives() == State::ByHost {
        let (code, text) = flow.ends()?.discard()?;
        return Some(Trouble { back: false, code, text, interface: flow.client.interface.as_deref() });
    }
    if flow.returns() == Some(State::ByHost) {
        let (code, text) = flow.answer_ends()?.discard()?;
        return Some(Trouble { back: true, code, text, interface: flow.client.interface.as_deref() });
    }
    None
}

/// Answers leave elsewhere than packets come in, and nothing on this host minds.
fn asymmetry(case: &Case, judgement: &mut Judgement) {
    let mut told: Vec<(&str, &str)> = Vec::new();
    for flow in case.path.flows.iter().filter(|flow| flow.purpose == Purpose::Asked) {
        let Some(back) = flow.back.as_ref().and_then(|back| back.outcomes.first()) else { continue };
        let Some((by, _)) = Way(back).leaves_by() else { continue };
        let Some(arrived) = flow.client.interface.as_deref().filter(|arrived| *arrived != by) else {
            continue;
        };
        if told.contains(&(arrived, by)) {
            continue;
        }
        told.push((arrived, by));
        judgement.note(
            "asymmetric",
            format!(
                "packets of {} come in by {arrived} and the answers leave by {by}: a firewall on the way may drop what it sees half of",
                flow.client.address
            ),
        );
    }
}

/// Nobody but neighbours can be answered. That is as it should be on many a host; where packets found no route while it was looked it
/// is not.
fn without_default_route(case: &Case, judgement: &mut Judgement) {
    if !case.is_inside() || case.question.from.is_some() || case.question.target.name.is_some() {
        return;
    }
    let remote = |flow: &&Flow| flow.purpose == Purpose::Asked && flow.client.who.contains("internet");
    for v4 in [true, false] {
        let mut flows = case.path.flows.iter().filter(|flow| {
            flow.endpoint.is_ipv4() == v4
                && !flow.endpoint.ip().is_loopback()
                && flow.purpose == Purpose::Asked
        });
        let Some(flow) = flows.next() else { continue };
        if case.path.flows.iter().filter(|flow| flow.endpoint.is_ipv4() == v4).any(|flow| remote(&flow)) {
            continue;
        }
        let grown =
            case.path.counters.map_or(0, |(before, after)| after.out_no_routes - before.out_no_routes);
        if v4 && grown > 0 {
            judgement.add(sentences::clients_without_route(flow.endpoint, grown));
        } else if !sentences::is_link_local(flow.endpoint.ip()) {
            let version = if v4 { "IPv4" } else { "IPv6" };
            judgement.note(
                "no-return-route",
                format!("there is no default route for {version}: only neighbours, and networks with a route, can be answered"),
            );
        }
    }
}
