//! Commands that mend what routing does.

use super::sentences::Trouble;
use crate::case::Case;
use crate::facts::path::{Flow, Way};

/// Commands, best first.
pub(super) fn remedies(case: &Case, trouble: &Trouble<'_>, flow: &Flow) -> Vec<String> {
    let by = trouble.interface.unwrap_or("lo");
    let client = flow.client.address;
    let v6 = if client.is_ipv4() { "" } else { "-6 " };
    let network = if client.is_ipv4() { format!("{client}/32") } else { format!("{client}/128") };
    let far = flow.client.who.contains("internet");
    let whom = if far { "default".to_owned() } else { network };
    match trouble.code {
        "rp-filter" => {
            let mut fixes = vec![format!(
                "give answers the way that the packets came: ip {v6}route add {whom} via ROUTER dev {by} table 100 && ip {v6}rule add \
                 from {} lookup 100",
                flow.endpoint.ip()
            )];
            let all = case.path.network.sysctls.ipv4.all.rp_filter.unwrap_or_default();
            let all = if all == 1 { " net.ipv4.conf.all.rp_filter=2" } else { "" };
            fixes.push(format!("or validate loosely: sysctl -w net.ipv4.conf.{by}.rp_filter=2{all}, and the same in /etc/sysctl.d"));
            fixes
        }
        "forwarding-disabled" => {
            let name = if client.is_ipv4() { "net.ipv4.ip_forward" } else { "net.ipv6.conf.all.forwarding" };
            vec![format!("sysctl -w {name}=1, and the same in /etc/sysctl.d")]
        }
        "no-route" if trouble.back => vec![format!("ip {v6}route add {whom} via ROUTER dev {by}")],
        "no-route" => {
            let to = flow.translated().unwrap_or(flow.endpoint).ip();
            vec![format!("ip {v6}route add {to} via ROUTER, or a default route: ip {v6}route add default via ROUTER")]
        }
        "unreachable" | "prohibit" | "blackhole" | "invalid" => {
            let to = if trouble.back { client } else { flow.translated().unwrap_or(flow.endpoint).ip() };
            match refusing(case, to) {
                Some(route) => vec![format!("ip {v6}route del {route}")],
                None => vec![format!("find and delete it: ip {v6}route get {to}; ip {v6}rule show")],
            }
        }
        "no-interface" => vec![format!("ip link set {} up", leaves_by(flow).unwrap_or(by))],
        "ipv6-disabled" => vec![format!("sysctl -w net.ipv6.conf.{by}.disable_ipv6=0")],
        "martian-destination" => vec![
            "send it to an address of the interface instead of 127.0.0.1 (nft: redirect to :PORT; iptables: -j REDIRECT --to-ports PORT)"
                .to_owned(),
            format!("or sysctl -w net.ipv4.conf.{by}.route_localnet=1"),
        ],
        "local-source" => vec![
            format!("take {client} away from one of the two hosts that have it: ip addr show to {client}"),
            format!("or, where it is meant: sysctl -w net.ipv4.conf.{by}.accept_local=1"),
        ],
        _ => Vec::new(),
    }
}

fn leaves_by(flow: &Flow) -> Option<&str> {
    let outcome = flow.there.outcomes.first()?;
    Way(outcome).leaves_by().map(|(interface, _)| interface)
}

/// The refusing route to an address in the words of `ip route del`: the longest prefix of that kind.
fn refusing(case: &Case, to: std::net::IpAddr) -> Option<String> {
    use portreeve_firewall::network::RouteKind;
    let refuses = |kind: RouteKind| match kind {
        RouteKind::Blackhole => Some("blackhole"),
        RouteKind::Unreachable => Some("unreachable"),
        RouteKind::Prohibit => Some("prohibit"),
        _ => None,
    };
    let route = case
        .path
        .network
        .routes
        .iter()
        .filter(|route| refuses(route.kind).is_some() && route.destination.contains(to))
        .max_by_key(|route| route.destination.length)?;
    let kind = refuses(route.kind)?;
    let prefix = &route.destination;
    let table = if route.table == 254 { String::new() } else { format!(" table {}", route.table) };
    let destination = if prefix.length == 0 {
        "default".to_owned()
    } else {
        format!("{}/{}", prefix.address, prefix.length)
    };
    Some(format!("{kind} {destination}{table}"))
}
