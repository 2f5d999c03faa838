//! `--netns` to the namespace that it means.

use std::path::PathBuf;

use portreeve_inventory::collect::{NamespaceScope, Owners, Request, collect};
use portreeve_linux::namespace::NetworkNamespace;
use portreeve_model::{NamespaceId, NamespaceName};

use super::failed;
use crate::engine::Scope;
use crate::error::CommandError;

/// The namespaces to look into.
pub(super) fn resolve(scope: &Scope) -> Result<NamespaceScope, CommandError> {
    match scope {
        Scope::Own => Ok(NamespaceScope::Own),
        Scope::All => Ok(NamespaceScope::All),
        Scope::OfProcess(pid) => of_process(*pid).map(NamespaceScope::One),
        Scope::Named(name) => named(name).map(NamespaceScope::One),
    }
}

/// The one namespace that a port is asked about; of all, the own one, since the others are looked into anyway.
pub(super) fn one(scope: &Scope) -> Result<NamespaceId, CommandError> {
    match scope {
        Scope::Own | Scope::All => NetworkNamespace::current()
            .map(|namespace| NamespaceId(namespace.id))
            .map_err(|errno| CommandError::internal("cannot tell the own network namespace", errno)),
        Scope::OfProcess(pid) => of_process(*pid),
        Scope::Named(name) => named(name),
    }
}

fn of_process(pid: u32) -> Result<NamespaceId, CommandError> {
    let path = PathBuf::from(format!("/proc/{pid}/ns/net"));
    NetworkNamespace::at(&path).map(|namespace| NamespaceId(namespace.id)).map_err(|errno| {
        let mut error =
            CommandError::not_found(format!("cannot open the network namespace of process {pid}"));
        error.source = Some(Box::new(errno));
        error.hint("Opening the namespaces of another user's process needs root.")
    })
}

/// Names are known once the namespaces have been looked for; that needs no socket, but the containers.
fn named(name: &str) -> Result<NamespaceId, CommandError> {
    let request = Request {
        protocols: Vec::new(),
        namespaces: NamespaceScope::All,
        owners: Owners::Full,
        ..Request::listeners()
    };
    let snapshot = collect(&request).map_err(failed)?;
    let found = snapshot.namespaces.iter().find(|namespace| is_called(&namespace.name, name));
    if let Some(namespace) = found {
        return Ok(namespace.id);
    }
    let known: Vec<String> = snapshot.namespaces.iter().map(|namespace| namespace.name.to_string()).collect();
    Err(CommandError::not_found(format!("no network namespace is called `{name}`"))
        .hint(format_args!("Namespaces that were seen: {}.", known.join(", "))))
}

/// A pod may also be given without its Kubernetes namespace, and a process without its pid.
fn is_called(namespace: &NamespaceName, name: &str) -> bool {
    let short = match namespace {
        NamespaceName::Pod(pod) => pod.rsplit('/').next(),
        NamespaceName::Process { name, .. } => Some(&**name),
        _ => None,
    };
    short == Some(name) || namespace.to_string() == name
}
