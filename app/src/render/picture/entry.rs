//! The rows of a port box: one for each door, or for a run of ports of the same holder.

use std::net::IpAddr;

use portreeve_model::exposure::{Door, DoorKind};

/// A row of a port box.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// `tcp 443`, `tcp 3000–3019`.
    pub(super) port: String,
    /// Who holds it.
    pub(super) holder: Option<String>,
    /// Addresses, device and namespace, where they are not what one expects.
    pub(super) detail: Option<String>,
    /// Where it leads on to.
    pub(super) to: Option<String>,
}

impl Entry {
    /// Everything about it in one line.
    pub(super) fn line(&self) -> String {
        let holder = self.holder.as_ref().map(|holder| format!(" {holder}")).unwrap_or_default();
        let detail = self.detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
        let to = self.to.as_ref().map(|to| format!(", leads on to {to}")).unwrap_or_default();
        format!("{}{holder}{detail}{to}", self.port)
    }
}

/// Rows for `doors`, which are sorted by port.
pub(super) fn entries(doors: &[&Door], namespaces: bool) -> Vec<Entry> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for door in doors {
        // The run may be interleaved with those of another protocol.
        match runs.iter_mut().find(|run| run.continues_with(door)) {
            Some(run) => run.last = door.port,
            None => runs.push(Run { door, last: door.port_end.unwrap_or(door.port) }),
        }
    }
    runs.iter().map(|run| run.entry(namespaces)).collect()
}

/// Ports one after the other that differ in their number only.
struct Run<'a> {
    door: &'a Door,
    last: u16,
}

impl Run<'_> {
    fn continues_with(&self, next: &Door) -> bool {
        let first = self.door;
        first.kind == DoorKind::Listener
            && next.port.checked_sub(1) == Some(self.last)
            && *next == Door { port: next.port, ..first.clone() }
    }

    fn entry(&self, namespaces: bool) -> Entry {
        let Door { protocol, port, holder, .. } = self.door;
        let to = match &self.door.kind {
            DoorKind::Translated { to } => Some(to.to_string()),
            DoorKind::Listener | DoorKind::Behind => None,
        };
        let port = match (port, self.last) {
            (first, last) if *first == last => format!("{protocol} {first}"),
            (first, last) => format!("{protocol} {first}–{last}"),
        };
        Entry { port, holder: holder.clone(), detail: self.detail(namespaces), to }
    }

    fn detail(&self, namespaces: bool) -> Option<String> {
        let mut parts: Vec<String> = addresses(&self.door.addresses).into_iter().collect();
        if self.door.kind == DoorKind::Behind {
            parts.push("behind this host".to_owned());
        }
        parts.extend(self.door.interface.as_ref().map(|interface| format!("on {interface}")));
        if namespaces {
            parts.push(self.door.namespace.to_string());
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// Nothing for every address of both versions.
fn addresses(addresses: &[IpAddr]) -> Option<String> {
    let any = |v4: bool| addresses.iter().any(|address| address.is_unspecified() && address.is_ipv4() == v4);
    match (any(true), any(false)) {
        (true, true) => None,
        (true, false) if addresses.len() == 1 => Some("every IPv4 address".to_owned()),
        (false, true) if addresses.len() == 1 => Some("every IPv6 address".to_owned()),
        _ if addresses.is_empty() => None,
        _ => Some(addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}
