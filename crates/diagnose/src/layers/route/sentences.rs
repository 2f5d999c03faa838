//! What routing does, in sentences, with evidence and remedies.

use std::net::{IpAddr, SocketAddr};

use super::routing_fix::remedies;
use crate::case::Case;
use crate::facts::path::{Flow, Way};
use crate::layers::FaultDraft;
use crate::layers::flows::{Found, clients, list};

/// What routing does to a packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trouble<'a> {
    /// To the answer, not the first packet.
    pub(super) back: bool,
    /// The simulation's word.
    pub(super) code: &'a str,
    /// The simulation's sentence.
    pub(super) text: &'a str,
    /// The interface that the client's packets come in by.
    pub(super) interface: Option<&'a str>,
}

/// The layer's code, and the statement.
pub(super) fn sentence(case: &Case, found: &Found<'_, Trouble<'_>>, flow: &Flow) -> (&'static str, String) {
    let Trouble { back, code, text, interface } = found.what;
    let to = list(&found.endpoints);
    let who = clients(&found.flows);
    let by = interface.unwrap_or("this host");
    let onward = flow.translated();
    let outgoing = interface.is_none();
    match (back, code) {
        (_, "rp-filter") => ("reverse-path-filter", reverse_path(case, flow, by, &who, &to, text)),
        (false, "forwarding-disabled") => {
            let at = onward.map_or_else(|| "another host".to_owned(), |at| at.to_string());
            let name = forwarding(flow.endpoint.ip());
            (
                "forwarding-off",
                format!(
                    "Connections to {to} are sent on to {at}, and this host does not forward: {name} is 0"
                ),
            )
        }
        (true, "forwarding-disabled") => {
            let name = forwarding(flow.endpoint.ip());
            ("forwarding-off", format!("Answers of {to} to {who} must be forwarded, and {name} is 0"))
        }
        (true, "no-route") => (
            "no-return-route",
            format!(
                "Connections of {who} to {to} come in, and no route leads back to {}",
                flow.client.address
            ),
        ),
        (true, "unreachable" | "prohibit" | "blackhole" | "invalid") => (
            "return-unreachable",
            format!("The route back from {to} to {} refuses: {text}", flow.client.address),
        ),
        (false, "no-route") => match onward {
            Some(at) => {
                ("no-route", format!("Connections to {to} are sent on to {at}, and no route leads there"))
            }
            None => ("no-route", format!("No route of this host leads to {to}")),
        },
        (false, "unreachable" | "prohibit" | "blackhole" | "invalid") => {
            let at = onward.map_or_else(|| to.clone(), |at| at.to_string());
            ("unreachable-route", format!("The route to {at} refuses: {text}"))
        }
        (_, "no-interface") => ("link-down", format!("Packets to {to} by {by} are thrown away: {text}")),
        (_, "ipv6-disabled") => ("ipv6-disabled", format!("Packets to {to} by {by} are thrown away: {text}")),
        (
            _,
            "martian-source"
            | "martian-destination"
            | "local-source"
            | "invalid-source"
            | "loopback-address"
            | "link-local",
        ) => {
            let at = onward.map_or_else(String::new, |at| format!(", sent on to {at},"));
            ("martian", format!("Packets of {who} to {to}{at} are thrown away on {by}: {text}"))
        }
        _ if outgoing => ("discarded", format!("What this host sends to {to} is thrown away: {text}")),
        _ => ("discarded", format!("Packets of {who} to {to} are thrown away: {text}")),
    }
}

fn reverse_path(case: &Case, flow: &Flow, by: &str, who: &str, to: &str, text: &str) -> String {
    let back = flow.back.as_ref().and_then(|back| back.outcomes.first()).and_then(|one| Way(one).leaves_by());
    match back {
        Some((other, _)) if other != by => format!(
            "Packets of {who} to {to} come in by {by}, the way back is by {other}, and source validation throws them away \
             (net.ipv4.conf.{by}.rp_filter is {})",
            effective(case, by)
        ),
        _ => format!(
            "Packets of {who} to {to} by {by} are thrown away by source validation: {text} (in effect: {})",
            effective(case, by)
        ),
    }
}

/// The value of `rp_filter` that counts: the larger of the interface's and that of all.
fn effective(case: &Case, interface: &str) -> i32 {
    let v4 = &case.path.network.sysctls.ipv4;
    let own = v4.interfaces.get(interface).and_then(|one| one.rp_filter).unwrap_or_default();
    own.max(v4.all.rp_filter.unwrap_or_default())
}

fn forwarding(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "net.ipv4.ip_forward" } else { "net.ipv6.conf.all.forwarding" }
}

/// Evidence and remedies.
pub(super) fn explained(
    case: &Case,
    draft: FaultDraft,
    found: &Found<'_, Trouble<'_>>,
    flow: &Flow,
) -> FaultDraft {
    let Trouble { back, code, text, interface } = found.what;
    let answer = if back { flow.back.as_ref().unwrap_or(&flow.there) } else { &flow.there };
    let by = interface.unwrap_or("lo");
    let mut draft = match code {
        "rp-filter" => {
            let v4 = &case.path.network.sysctls.ipv4;
            let own = v4.interfaces.get(by).and_then(|one| one.rp_filter).unwrap_or_default();
            let all = v4.all.rp_filter.unwrap_or_default();
            let dropped = case.path.counters.map_or(0, |(_, after)| after.reverse_path_filter);
            draft
                .seen(
                    "sysctl",
                    format!("net.ipv4.conf.all.rp_filter = {all}, net.ipv4.conf.{by}.rp_filter = {own}"),
                    format!("sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.{by}.rp_filter"),
                )
                .seen(
                    "counter",
                    format!("IPReversePathFilter = {dropped}"),
                    "nstat -az TcpExtIPReversePathFilter",
                )
        }
        "forwarding-disabled" => {
            let name = forwarding(flow.endpoint.ip());
            draft.seen("sysctl", format!("{name} = 0"), format!("sysctl {name}"))
        }
        "ipv6-disabled" => {
            let name = format!("net.ipv6.conf.{by}.disable_ipv6");
            draft.seen("sysctl", format!("{name} = 1"), format!("sysctl {name}"))
        }
        _ => {
            let to = if back { flow.client.address } else { flow.translated().unwrap_or(flow.endpoint).ip() };
            let v6 = if to.is_ipv4() { "" } else { "-6 " };
            draft.seen("route", text, format!("ip {v6}route get {to}; ip {v6}route show table all"))
        }
    };
    draft = draft.seen(
        "packet",
        format!("simulated: {}", answer.packet),
        answer.reproduce.last().cloned().unwrap_or_default(),
    );
    remedies(case, &found.what, flow).into_iter().fold(draft, FaultDraft::fix)
}

/// Packets to clients found no route while it was looked.
pub(super) fn clients_without_route(endpoint: SocketAddr, grown: i128) -> FaultDraft {
    let statement = format!(
        "There is no default route, and {grown} packets of this host found no route while it was looked: clients beyond the link \
         get no answer from {endpoint}"
    );
    FaultDraft::at("no-return-route", statement, vec![endpoint], 1)
        .seen("counter", format!("OutNoRoutes grew by {grown}"), "nstat -az IpOutNoRoutes")
        .seen("route", "no default route", "ip route show default")
        .fix("ip route add default via ROUTER")
}

pub(super) fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}
