//! The command that shows a finding with standard tools.

use portreeve_model::{Listener, Protocol};

use super::Scene;

/// `ss` for one listener, run inside its namespace; `None` where no way into the namespace is known or `ss`
/// does not list the protocol.
pub(super) fn ss(scene: &Scene<'_>, listener: &Listener, more: &str) -> Option<String> {
    let holder = listener.owner.holders.first().map(|holder| holder.pid);
    let enter = scene.enter(listener.namespace, holder)?;
    let kind = kind(listener.protocol)?;
    Some(format!("{enter}ss -{kind}lnp{more} 'sport = :{}'", listener.port))
}

fn kind(protocol: Protocol) -> Option<char> {
    match protocol {
        Protocol::Tcp => Some('t'),
        Protocol::Mptcp => Some('M'),
        Protocol::Udp => Some('u'),
        Protocol::Sctp => Some('S'),
        _ => None,
    }
}
