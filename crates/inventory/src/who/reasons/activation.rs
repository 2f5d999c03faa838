//! Socket activation: the port is open before the service behind it runs.

use portreeve_model::who::{Reason, ReasonKind};
use portreeve_model::{Holder, Listener};

use super::reason;
use crate::who::case::Case;

pub(super) fn explain(case: &Case<'_>) -> Vec<Reason> {
    let here = case.views.listeners.iter().filter(|listener| listener.namespace == case.query.namespace);
    here.flat_map(|listener| activated(listener, case)).collect()
}

fn activated(listener: &Listener, case: &Case<'_>) -> Vec<Reason> {
    let Some(activation) = &listener.owner.activates else { return Vec::new() };
    let Some(activator) = activator(&listener.owner.holders) else { return Vec::new() };
    let service = activation.starts.as_deref().unwrap_or("the service behind it");
    let keeper = format!("{}({})", activator.name, activator.pid);
    let started: Vec<&Holder> =
        listener.owner.holders.iter().filter(|holder| holder.pid != activator.pid).collect();
    let port = case.port(listener.protocol);
    let statement = match started.first() {
        None => format!("{keeper} keeps {port} open for {service}, which the first connection starts"),
        Some(server) => {
            format!(
                "{keeper} opened {port} and started {service}, which holds it too as {}({})",
                server.name, server.pid
            )
        }
    };
    let mut evidence: Vec<String> = listener
        .owner
        .holders
        .iter()
        .map(|holder| format!("{}({}) has it open as descriptor {}", holder.name, holder.pid, holder.fd))
        .collect();
    evidence.push(if activation.socket_unit.ends_with(".socket") {
        format!("{} is the unit it is open for: systemctl status {0}", activation.socket_unit)
    } else {
        format!("{} opens sockets for programs that it starts on demand", activation.socket_unit)
    });
    reason(ReasonKind::SocketActivation, statement, evidence)
}

/// PID 1, else whoever came first.
fn activator(holders: &[Holder]) -> Option<&Holder> {
    holders.iter().min_by_key(|holder| (holder.pid != 1, holder.pid))
}
