//! `--netns` to the namespace that it means.

use std::path::PathBuf;

use portreeve_inventory::collect::{NamespaceScope, Owners, Request, collect};
use portreeve_inventory::inside;
use portreeve_linux::Errno;
use portreeve_linux::namespace::NetworkNamespace;
use portreeve_model::{NamespaceId, NamespaceName, Snapshot};

use super::failed;
use crate::engine::Scope;
use crate::error::CommandError;

const NEEDS_ROOT: &str = "Opening the namespaces of another user's process needs root.";

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

/// The one namespace, opened.
pub(super) fn open(scope: &Scope) -> Result<NetworkNamespace, CommandError> {
    match scope {
        Scope::Own | Scope::All => NetworkNamespace::current()
            .map_err(|errno| CommandError::internal("cannot open the own network namespace", errno)),
        Scope::OfProcess(pid) => open_of_process(*pid),
        Scope::Named(name) => {
            let snapshot = namespaces()?;
            let id = id_of(&snapshot, name)?;
            inside::open(&snapshot, id).ok_or_else(|| {
                let doing = format!("cannot open the network namespace `{name}`");
                CommandError::permission(doing, Errno::ACCESS).hint(NEEDS_ROOT)
            })
        }
    }
}

/// Why threads could not be moved into a namespace.
pub(super) fn not_entered(errno: Errno) -> CommandError {
    let doing = "cannot enter the network namespace";
    if is_forbidden(errno) {
        CommandError::permission(doing, errno).hint("Entering another one needs root.")
    } else {
        CommandError::internal(doing, errno)
    }
}

fn is_forbidden(errno: Errno) -> bool {
    matches!(errno, Errno::PERM | Errno::ACCESS)
}

fn of_process(pid: u32) -> Result<NamespaceId, CommandError> {
    open_of_process(pid).map(|namespace| NamespaceId(namespace.id))
}

fn open_of_process(pid: u32) -> Result<NetworkNamespace, CommandError> {
    let path = PathBuf::from(format!("/proc/{pid}/ns/net"));
    NetworkNamespace::at(&path).map_err(|errno| match errno {
        Errno::NOENT | Errno::SRCH => CommandError::usage(format!("there is no process {pid}"))
            .hint("--netns takes the name of a namespace, or the pid of a process in it"),
        errno => {
            let doing = format!("cannot open the network namespace of process {pid}");
            if is_forbidden(errno) {
                CommandError::permission(doing, errno).hint(NEEDS_ROOT)
            } else {
                CommandError::internal(doing, errno)
            }
        }
    })
}

fn named(name: &str) -> Result<NamespaceId, CommandError> {
    id_of(&namespaces()?, name)
}

/// Names are known once the namespaces have been looked for; that needs no socket, but the containers.
fn namespaces() -> Result<Snapshot, CommandError> {
    let request = Request {
        protocols: Vec::new(),
        namespaces: NamespaceScope::All,
        owners: Owners::Full,
        ..Request::listeners()
    };
    collect(&request).map_err(failed)
}

fn id_of(snapshot: &Snapshot, name: &str) -> Result<NamespaceId, CommandError> {
    let found = snapshot.namespaces.iter().find(|namespace| is_called(&namespace.name, name));
    if let Some(namespace) = found {
        return Ok(namespace.id);
    }
    let known: Vec<String> = snapshot.namespaces.iter().map(|namespace| namespace.name.to_string()).collect();
    Err(CommandError::usage(format!("no network namespace is called `{name}`"))
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
