//! Short names for processes, containers, users and owners, the same on every output.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use portreeve_model::container::Pod;
use portreeve_model::{Container, Listener, Namespace, NamespaceName, NoHolder, Owner, Process};

/// What a document says of the things that its listeners refer to by id.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Network namespaces.
    pub namespaces: &'a [Namespace],
    /// Containers.
    pub containers: &'a [Container],
}

/// `docker:cache`, `pod:shop/web-0`, `docker:0123456789ab`: without a blank, and no unit's name.
pub fn container(containers: &[Container], id: &Arc<str>) -> String {
    let found = containers.iter().find(|container| container.id == *id);
    match found.map(|container| (container, &container.pod)) {
        Some((_, Some(Pod { namespace: Some(namespace), name: Some(name), .. }))) => {
            format!("pod:{namespace}/{name}")
        }
        Some((container, _)) => format!("{}:{}", container.runtime.name(), container.label()),
        None => format!("container:{}", container_name(containers, id)),
    }
}

/// The container's name, or the first 12 digits of its id.
pub fn container_name<'a>(containers: &'a [Container], id: &'a Arc<str>) -> &'a str {
    match containers.iter().find(|container| container.id == *id) {
        Some(container) => container.label(),
        None => id.get(..12).unwrap_or(id),
    }
}

/// `nginx(812)`, `nginx(812) ×5`, `sshd(1), systemd(2)`: processes, each name once, with its lowest pid. Where there
/// is none, why.
pub fn holders(owner: &Owner) -> String {
    if owner.holders.is_empty() {
        return match (owner.no_holder, owner.users.first()) {
            // The notes say why; the user is what is known.
            (Some(NoHolder::Permission), Some(user)) => format!("unseen({user})"),
            (Some(NoHolder::Permission), None) => "unseen".to_owned(),
            (why, _) => why.map_or("not looked for", NoHolder::phrase).to_owned(),
        };
    }
    // A process that holds several sockets counts once.
    let mut by_name: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for holder in &owner.holders {
        by_name.entry(&holder.name).or_default().push(holder.pid);
    }
    let mut groups: Vec<_> = by_name
        .into_iter()
        .map(|(name, mut pids)| {
            pids.sort_unstable();
            pids.dedup();
            (pids.first().copied().unwrap_or_default(), pids.len(), name)
        })
        .collect();
    groups.sort_unstable();
    let mut text = String::new();
    for (first, count, name) in groups {
        let comma = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{comma}{name}({first})");
        if count > 1 {
            let _ = write!(text, " ×{count}");
        }
    }
    text
}

/// Where a listener belongs: what it forwards to, its container, what it activates, or its unit; and its namespace
/// where that is another one.
pub fn belongs(listener: &Listener, names: Names<'_>) -> String {
    let owner = &listener.owner;
    let mut parts = tenants(listener, names);
    // A container's namespace is named after it: once is enough.
    let told =
        |namespace: &Namespace| namespace.own || (owner.container.is_some() && names_container(namespace));
    match names.namespaces.iter().find(|namespace| namespace.id == listener.namespace) {
        Some(namespace) if told(namespace) => {}
        Some(namespace) => parts.push(format!("netns {}", namespace.name)),
        None => parts.push(listener.namespace.to_string()),
    }
    parts.join(" ")
}

/// The same under a heading that names the namespace, and with it the container that lives there.
pub fn belongs_within(listener: &Listener, names: Names<'_>, namespace: &Namespace) -> String {
    if listener.owner.container.is_some() && names_container(namespace) {
        return listener.owner.unit.as_ref().map_or_else(String::new, |unit| {
            // The scope that the runtime made for the container says nothing more than its name.
            if unit.name.ends_with(".scope") { String::new() } else { unit.name.to_string() }
        });
    }
    tenants(listener, names).join(" ")
}

/// What a namespace is to be called in a heading.
pub fn place(namespace: &Namespace, containers: &[Container]) -> String {
    match &namespace.name {
        NamespaceName::Container(label) => {
            let image =
                containers.iter().find(|container| container.label() == &**label).and_then(|container| {
                    Some(format!(", {} image {}", container.runtime.name(), container.image.as_deref()?))
                });
            format!("Inside container {label}{}", image.unwrap_or_default())
        }
        NamespaceName::Pod(name) => format!("Inside pod {name}"),
        NamespaceName::Process { pid, name } => format!("Inside the network namespace of {name}({pid})"),
        other => format!("Inside network namespace {other}"),
    }
}

fn tenants(listener: &Listener, names: Names<'_>) -> Vec<String> {
    let owner = &listener.owner;
    let mut parts = Vec::new();
    if let Some(forward) = &owner.forwards_to {
        // A forwarder's own unit is the container runtime's, which tells nothing.
        let target = forward.container.as_ref().map(|id| format!("{} ", container(names.containers, id)));
        let address = SocketAddr::new(forward.address, forward.port);
        parts.push(format!("→ {}{address}", target.unwrap_or_default()));
    } else if let Some(id) = &owner.container {
        parts.push(container(names.containers, id));
    } else if let Some(activation) = &owner.activates {
        parts.push(activation.socket_unit.to_string());
        parts.extend(activation.starts.iter().map(|starts| format!("→ {starts}")));
    } else if let Some(unit) = &owner.unit {
        let of_user = unit.user_instance.map_or_else(String::new, |uid| format!(" (user {uid})"));
        parts.push(format!("{}{of_user}", unit.name));
    }
    parts
}

fn names_container(namespace: &Namespace) -> bool {
    matches!(namespace.name, NamespaceName::Container(_) | NamespaceName::Pod(_))
}

/// `root`, or the uid where it has no name.
pub fn user(process: &Process) -> Option<String> {
    match (&process.user, process.uid) {
        (Some(name), _) => Some(name.to_string()),
        (None, uid) => uid.map(|uid| uid.to_string()),
    }
}

/// `1 finding`, `3 findings`.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use portreeve_model::{Holder, NoHolder, Owner};

    use super::holders;

    #[test]
    fn workers_are_counted_and_processes_counted_once() {
        let holder = |pid, fd, name: &str| Holder { pid, fd, name: name.into() };
        let owner = Owner {
            holders: vec![
                holder(900, 6, "nginx"),
                holder(812, 6, "nginx"),
                holder(812, 7, "nginx"),
                holder(1, 40, "systemd"),
            ],
            ..Owner::default()
        };
        assert_eq!(holders(&owner), "systemd(1), nginx(812) ×2");
        let nobody = Owner { no_holder: Some(NoHolder::Permission), ..Owner::default() };
        assert_eq!(holders(&nobody), "unseen");
    }
}
