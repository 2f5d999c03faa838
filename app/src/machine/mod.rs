//! The engine that looks at this machine: questions of the commands in the words of the inventory, and its snapshots
//! as documents.

mod doors;
mod judge;
mod probe;
mod reach;
mod request;
mod scope;
mod tls;
mod why;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;

use portreeve_diagnose::Progress;
use portreeve_inventory::collect::{BpfUse, CollectError, Request, collect};
use portreeve_inventory::group::{Key, groups};
use portreeve_inventory::survey::{self, Survey, survey};
use portreeve_inventory::{services, who};
use portreeve_model::document::{
    self, Groups, Overview, ReachAssert, ReachDiff, ReachIdle, ReachPorts, Sockets, TlsFiles, Who, Why,
};
use portreeve_model::finding::put_in_order;
use portreeve_model::{Finding, Listener, Process, Protocol, Snapshot, Subject};

use crate::config::{Config, Location};
use crate::engine::{
    AssertQuery, Detail, DiffQuery, Engine, IdleQuery, PortsQuery, ReachQuery, Reached, RulesFrom, Scope,
    SocketQuery, TlsFilesQuery, TlsListener, TlsQuery, TlsRun, WhyQuery,
};
use crate::error::CommandError;
use judge::{Case, Judged};

/// This machine, as the running user sees it.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// Whether the kernel's BPF iterator may be used.
    pub(crate) bpf: BpfUse,
    /// Where the names of networks are.
    pub(crate) config: Location,
}

impl Engine for Machine {
    fn overview(&self, scope: &Scope) -> Result<Overview, CommandError> {
        let config = Config::load(&self.config)?;
        let request = Request { namespaces: scope::resolve(scope)?, bpf: self.bpf, ..Request::listeners() };
        let own = matches!(scope, Scope::Own | Scope::All);
        // Reading rules is waiting for programs: the machine is looked at meanwhile.
        let (looked, firewall) = beside(|| collect(&request), || own.then(judge::read_own));
        let mut snapshot = looked.map_err(failed)?;
        let Survey { listeners, mut findings, unseen } = survey(&snapshot);
        let case = Case {
            snapshot: &snapshot,
            listeners: &listeners,
            config: &config,
            findings: judge::Findings::Wanted,
        };
        let mut judged = judge::judge(case, firewall);
        judge::weigh(&mut findings, &judged);
        findings.append(&mut judged.findings);
        put_in_order(&mut findings);
        snapshot.unseen.extend(unseen.into_iter().chain(config.unseen).chain(judged.unseen));
        let named = named(&listeners, &findings);
        snapshot.processes.retain(|process: &Process| named.contains(&process.id.pid));
        Ok(Overview {
            schema: document::OVERVIEW.to_owned(),
            host: snapshot.host,
            listeners,
            findings,
            exposures: judged.exposures,
            firewall: judged.firewall,
            limits: judged.limits,
            namespaces: snapshot.namespaces,
            processes: snapshot.processes,
            containers: snapshot.containers,
            unseen: snapshot.unseen,
        })
    }

    fn sockets(&self, query: &SocketQuery) -> Result<Sockets, CommandError> {
        let mut snapshot = collect(&request::of(query, self.bpf)?).map_err(failed)?;
        let judged = if query.details.exposure { self.exposures(&mut snapshot)? } else { Judged::default() };
        Ok(Sockets {
            schema: document::SOCKETS.to_owned(),
            host: snapshot.host,
            sockets: snapshot.sockets,
            exposures: judged.exposures,
            firewall: judged.firewall,
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
        reach::reach(query, self.bpf)
    }

    fn reach_ports(&self, query: &PortsQuery) -> Result<ReachPorts, CommandError> {
        let (true, RulesFrom::Kernel(scope)) = (query.probe, &query.rules) else {
            return reach::ports(query, &self.config, self.bpf);
        };
        // Which sources stand for a part, all of its prefixes say.
        let all = PortsQuery { detail: Detail::All, ..query.clone() };
        let mut document = reach::ports(&all, &self.config, self.bpf)?;
        document.probe = Some(probe::probe(scope, &document.exposures)?);
        if query.detail == Detail::Some {
            probe::shorten(&mut document.exposures);
        }
        Ok(document)
    }

    fn reach_idle(&self, query: &IdleQuery) -> Result<ReachIdle, CommandError> {
        reach::idle(query)
    }

    fn reach_diff(&self, query: &DiffQuery) -> Result<ReachDiff, CommandError> {
        reach::diff(query, &self.config)
    }

    fn reach_assert(&self, query: &AssertQuery) -> Result<ReachAssert, CommandError> {
        reach::assertions(query, &self.config)
    }

    fn why(&self, query: &WhyQuery, progress: &dyn Progress) -> Result<Why, CommandError> {
        why::why(query, self.bpf, progress)
    }

    fn tls(&self, query: &TlsQuery, listener: &mut dyn TlsListener) -> Result<TlsRun, CommandError> {
        tls::tls(query, listener)
    }

    fn tls_files(&self, query: &TlsFilesQuery) -> Result<TlsFiles, CommandError> {
        Ok(tls::files(query))
    }

    fn service_name(&self, protocol: Protocol, port: u16) -> Option<&'static str> {
        services::service_name(protocol, port)
    }

    fn port_of(&self, name: &str, protocol: Protocol) -> Option<u16> {
        services::port_of(name, protocol)
    }
}

impl Machine {
    /// Who can reach the listeners of a snapshot. What was not seen on the way goes to the snapshot.
    fn exposures(&self, snapshot: &mut Snapshot) -> Result<Judged, CommandError> {
        let config = Config::load(&self.config)?;
        let listeners = survey::listeners(snapshot);
        let case =
            Case { snapshot, listeners: &listeners, config: &config, findings: judge::Findings::Omitted };
        let mut judged = judge::judge(case, None);
        snapshot.unseen.extend(config.unseen.into_iter().chain(judged.unseen.drain(..)));
        Ok(judged)
    }
}

/// Two pieces of work at once, each on a thread of its own.
fn beside<A: Send, B: Send>(first: impl FnOnce() -> A + Send, second: impl FnOnce() -> B + Send) -> (A, B) {
    thread::scope(|scope| {
        let second = scope.spawn(second);
        let first = first();
        match second.join() {
            Ok(second) => (first, second),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// The processes that an overview speaks of.
fn named(listeners: &[Listener], findings: &[Finding]) -> BTreeSet<u32> {
    let holders = listeners.iter().flat_map(|listener| &listener.owner.holders).map(|holder| holder.pid);
    let subjects =
        findings.iter().flat_map(|finding| &finding.subjects).filter_map(|subject| match subject {
            Subject::Process { pid, .. } => Some(*pid),
            Subject::Listener { .. } | Subject::Rule { .. } | Subject::Unit { .. } => None,
        });
    holders.chain(subjects).collect()
}

fn failed(error: CollectError) -> CommandError {
    match error {
        CollectError::NoSuchNamespace(_) => CommandError::not_found(error.to_string()),
        CollectError::Proc(_) => CommandError::internal("cannot look at this machine", error),
    }
}
