//! The engine that looks at this machine: questions of the commands in the words of the inventory, and its snapshots
//! as documents.

mod reach;
mod request;
mod scope;

use std::collections::BTreeSet;
use std::sync::Arc;

use portreeve_inventory::collect::{BpfUse, CollectError, Request, collect};
use portreeve_inventory::group::{Key, groups};
use portreeve_inventory::survey::{Survey, survey};
use portreeve_inventory::{services, who};
use portreeve_model::document::{self, FirewallJudgement, Groups, Overview, Sockets, Who};
use portreeve_model::{Finding, Listener, Process, Protocol, Subject};

use crate::engine::{Engine, ReachQuery, Reached, Scope, SocketQuery};
use crate::error::CommandError;

/// This machine, as the running user sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    /// Whether the kernel's BPF iterator may be used.
    pub(crate) bpf: BpfUse,
}

impl Engine for Machine {
    fn overview(&self, scope: &Scope) -> Result<Overview, CommandError> {
        let request = Request { namespaces: scope::resolve(scope)?, bpf: self.bpf, ..Request::listeners() };
        let mut snapshot = collect(&request).map_err(failed)?;
        let Survey { listeners, findings, unseen } = survey(&snapshot);
        snapshot.unseen.extend(unseen);
        let named = named(&listeners, &findings);
        snapshot.processes.retain(|process: &Process| named.contains(&process.id.pid));
        Ok(Overview {
            schema: document::OVERVIEW.to_owned(),
            host: snapshot.host,
            listeners,
            findings,
            firewall: FirewallJudgement::NotJudged,
            namespaces: snapshot.namespaces,
            processes: snapshot.processes,
            containers: snapshot.containers,
            unseen: snapshot.unseen,
        })
    }

    fn sockets(&self, query: &SocketQuery) -> Result<Sockets, CommandError> {
        let snapshot = collect(&request::of(query, self.bpf)?).map_err(failed)?;
        Ok(Sockets {
            schema: document::SOCKETS.to_owned(),
            host: snapshot.host,
            sockets: snapshot.sockets,
            namespaces: snapshot.namespaces,
            processes: snapshot.processes,
            containers: snapshot.containers,
            unseen: snapshot.unseen,
        })
    }

    fn groups(&self, query: &SocketQuery, keys: &[String]) -> Result<Groups, CommandError> {
        let keys = keys
            .iter()
            .map(|key| key.trim().parse())
            .collect::<Result<Vec<Key>, _>>()
            .map_err(|error| CommandError::usage(error.to_string()))?;
        let mut request = request::of(query, self.bpf)?;
        request.owners = request.owners.max(request::owners_for(&keys));
        let snapshot = collect(&request).map_err(failed)?;
        let port_name = |protocol, port| services::service_name(protocol, port).map(Arc::from);
        Ok(Groups {
            schema: document::GROUPS.to_owned(),
            groups: groups(&snapshot, &keys, &port_name),
            group_by: keys.into_iter().map(|key| key.name().to_owned()).collect(),
            host: snapshot.host,
            unseen: snapshot.unseen,
        })
    }

    fn who(&self, port: u16, protocols: &[Protocol], scope: &Scope) -> Result<Who, CommandError> {
        let query = who::Query { port, protocols: protocols.to_vec(), namespace: scope::one(scope)? };
        let views = who::look(&query, self.bpf).map_err(failed)?;
        let answer = who::explain(&query, &views);
        let snapshot = views.snapshot;
        Ok(Who {
            schema: document::WHO.to_owned(),
            host: snapshot.host,
            answer,
            namespaces: snapshot.namespaces,
            processes: snapshot.processes,
            containers: snapshot.containers,
            unseen: snapshot.unseen,
        })
    }

    fn reach(&self, query: &ReachQuery) -> Result<Reached, CommandError> {
        reach::reach(query)
    }

    fn service_name(&self, protocol: Protocol, port: u16) -> Option<&'static str> {
        services::service_name(protocol, port)
    }

    fn port_of(&self, name: &str, protocol: Protocol) -> Option<u16> {
        services::port_of(name, protocol)
    }
}

/// The processes that an overview speaks of.
fn named(listeners: &[Listener], findings: &[Finding]) -> BTreeSet<u32> {
    let holders = listeners.iter().flat_map(|listener| &listener.owner.holders).map(|holder| holder.pid);
    let subjects =
        findings.iter().flat_map(|finding| &finding.subjects).filter_map(|subject| match subject {
            Subject::Process { pid, .. } => Some(*pid),
            Subject::Listener { .. } => None,
        });
    holders.chain(subjects).collect()
}

fn failed(error: CollectError) -> CommandError {
    match error {
        CollectError::NoSuchNamespace(_) => CommandError::not_found(error.to_string()),
        CollectError::Proc(_) => CommandError::internal("cannot look at this machine", error),
    }
}
