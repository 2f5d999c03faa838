//! Ports kept out of the kernel's automatic choice.

use portreeve_model::who::{Reason, ReasonKind};

use super::reason;
use crate::who::case::Case;

pub(super) fn explain(case: &Case<'_>) -> Vec<Reason> {
    let Some(reserved) = &case.views.reserved else { return Vec::new() };
    reason(
        ReasonKind::Reserved,
        format!(
            "port {} is reserved: the kernel never chooses it for an outgoing connection, but a program that asks for it gets it",
            case.query.port
        ),
        vec![format!("net.ipv4.ip_local_reserved_ports = {}", reserved.ports)],
    )
}
