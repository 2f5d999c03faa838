//! Which of the supposed clients have a trouble, at which endpoints: what the layers of the path have in common.

use std::net::SocketAddr;

use super::FaultDraft;
use crate::case::Case;
use crate::facts::path::{Flow, Purpose};

/// One trouble of some connections.
#[derive(Debug)]
pub(super) struct Found<'a, T> {
    /// What it is.
    pub(super) what: T,
    /// The connections that have it, at least one.
    pub(super) flows: Vec<&'a Flow>,
    /// The endpoints at which they have it.
    pub(super) endpoints: Vec<SocketAddr>,
    /// Nobody gets to these endpoints; otherwise others do.
    pub(super) whole: bool,
}

/// The troubles of the connections that were asked about, and how many endpoints somebody gets to.
#[derive(Debug)]
pub(super) struct Survey<'a, T> {
    /// Each trouble once.
    pub(super) found: Vec<Found<'a, T>>,
    /// Endpoints without a trouble, or with one that only some clients have.
    pub(super) open: Vec<SocketAddr>,
    from: bool,
}

/// Looks at every connection with `trouble`.
pub(super) fn survey<'a, T: PartialEq>(
    case: &'a Case,
    trouble: impl Fn(&'a Flow) -> Option<T>,
) -> Survey<'a, T> {
    let mut survey = Survey { found: Vec::new(), open: Vec::new(), from: case.question.from.is_some() };
    for endpoint in case.endpoints.iter().map(|endpoint| endpoint.address) {
        let of = |purpose: Purpose| {
            let flows = case.path.flows.iter();
            flows.filter(move |flow| flow.endpoint == endpoint && flow.purpose == purpose)
        };
        let troubled: Vec<(&Flow, T)> =
            of(Purpose::Asked).filter_map(|flow| Some((flow, trouble(flow)?))).collect();
        let gets_in = of(Purpose::Asked).count() > troubled.len()
            || (!troubled.is_empty() && of(Purpose::Compared).any(|flow| trouble(flow).is_none()));
        if gets_in || troubled.is_empty() {
            survey.open.push(endpoint);
        }
        for (flow, what) in troubled {
            survey.add(what, flow, !gets_in);
        }
    }
    survey
}

impl<'a, T: PartialEq> Survey<'a, T> {
    fn add(&mut self, what: T, flow: &'a Flow, whole: bool) {
        let same = self.found.iter_mut().find(|found| found.what == what && found.whole == whole);
        let Some(found) = same else {
            self.found.push(Found { what, flows: vec![flow], endpoints: vec![flow.endpoint], whole });
            return;
        };
        found.flows.push(flow);
        if !found.endpoints.contains(&flow.endpoint) {
            found.endpoints.push(flow.endpoint);
        }
    }

    /// A fault of the kind of a trouble, with the impact that it has.
    pub(super) fn fault(&self, found: &Found<'a, T>, code: &'static str, statement: String) -> FaultDraft {
        let endpoints = found.endpoints.clone();
        if found.whole {
            return FaultDraft::at(code, statement, endpoints, self.open.len());
        }
        // The client that was asked for is everybody who asks as it was asked.
        let others = usize::from(!self.from);
        FaultDraft::at(code, statement, endpoints, others)
    }
}

/// `192.0.2.10:443 and [2001:db8::10]:443`; more than three are counted.
pub(super) fn list(endpoints: &[SocketAddr]) -> String {
    let texts: Vec<String> = endpoints.iter().take(3).map(ToString::to_string).collect();
    let more = endpoints.len().saturating_sub(texts.len());
    let mut parts = texts;
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    words(&parts)
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn words(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Who the clients of a trouble are, with their addresses: `somebody on the internet (9.109.209.77)`.
pub(super) fn clients(flows: &[&Flow]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for flow in flows {
        let client = &flow.client;
        let text = match client.who.as_str() {
            "given with --from" => client.address.to_string(),
            who => format!("{who} ({})", client.address),
        };
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.truncate(3);
    words(&texts)
}
