//! Connections that have the port as their own end, where nothing waits for peers.

use portreeve_model::Socket;
use portreeve_model::who::{Reason, ReasonKind};

use super::reason;
use crate::who::case::{Case, count, holders, is_leftover};

pub(super) fn explain(case: &Case<'_>) -> Vec<Reason> {
    let live: Vec<&Socket> = case
        .here
        .iter()
        .copied()
        .filter(|socket| socket.peer.is_some() && !is_leftover(socket) && !case.is_open(socket.protocol))
        .collect();
    let Some(first) = live.first() else { return Vec::new() };
    let port = case.query.port;
    let verb = if live.len() == 1 { "has" } else { "have" };
    let mut evidence = vec![example(first)];
    evidence.extend(case.views.ephemeral.map(|(low, high)| {
        if (low..=high).contains(&port) {
            format!(
                "the kernel chooses from {low} to {high} for outgoing connections (net.ipv4.ip_local_port_range)"
            )
        } else {
            format!(
                "{port} is outside {low} to {high} (net.ipv4.ip_local_port_range): a program chose it, or accepted the connection here before it stopped listening"
            )
        }
    }));
    reason(
        ReasonKind::Connections,
        format!(
            "{} {verb} {port} as local port, and nothing listens there",
            count(live.len(), "connection", "connections")
        ),
        evidence,
    )
}

fn example(socket: &Socket) -> String {
    let peer = socket.peer.as_ref().map(ToString::to_string).unwrap_or_default();
    let holders = holders(socket);
    let held =
        if holders.is_empty() { "its holder was not seen".to_owned() } else { format!("held by {holders}") };
    format!("{} {} to {peer}, {}, {held}", socket.protocol, socket.local, socket.state)
}
