//! Gathering for `facts::service`.

mod candidates;
mod complaints;
mod containers;
mod holders;
mod logs;
mod named;
mod processes;
mod units;
mod watch;

use std::thread;

use portreeve_inventory::collect::{self, BpfUse, Details, IpVersions, NamespaceScope, Owners, Request};
use portreeve_inventory::survey;
use portreeve_inventory::who::{self, Query, Views};
use portreeve_model::{Listener, Protocol, State, Unseen, UnseenReason, UnseenSubject};

use self::candidates::Search;
use self::units::Units;
use crate::facts::ServiceFacts;
use crate::facts::service::{LogFile, LogLine};
use crate::look::tree::Tree;
use crate::target::Question;

pub(in crate::look) use logs::{at_path as log_at, lines_of};
pub(crate) use watch::watch;

/// Looks who holds the port, in the network namespace of the calling thread, and who is to hold it.
pub(crate) fn look(question: &Question, bpf: BpfUse) -> ServiceFacts {
    let target = &question.target;
    let asked = protocols(target.protocol);
    let views = collect::own_namespace().and_then(|namespace| {
        let every = [protocols(Protocol::Tcp), protocols(Protocol::Udp)].concat();
        let query = Query { port: target.port, protocols: every, namespace };
        who::look(&query, bpf).map(|views| (query, views))
    });
    let (query, views) = match views {
        Ok((query, views)) => (Query { protocols: asked, ..query }, views),
        Err(error) => return ServiceFacts { unseen: vec![nothing_seen(&error)], ..ServiceFacts::default() },
    };
    let mut facts = held(&query, views);
    facts.looked_at = Some(jiff::Timestamp::now());
    meant(&query, &mut facts);
    facts
}

/// What the holders, and the container behind a forwarder, have written to their log files since they were looked at, each line with
/// the path of its file.
pub(crate) fn new_log_lines(service: &ServiceFacts) -> Vec<(String, LogLine)> {
    let of = |log: &LogFile| {
        logs::written_since(log).into_iter().map(|line| (log.path.clone(), line)).collect::<Vec<_>>()
    };
    service.logs.iter().flat_map(of).collect()
}

/// The protocols of the kernel that a target's protocol may be served by.
fn protocols(protocol: Protocol) -> Vec<Protocol> {
    match protocol {
        Protocol::Tcp => vec![Protocol::Tcp, Protocol::Mptcp],
        Protocol::Udp => vec![Protocol::Udp, Protocol::Udplite],
        other => vec![other],
    }
}

/// Who holds the port.
fn held(query: &Query, mut views: Views) -> ServiceFacts {
    let asked = |protocol: Protocol| query.protocols.contains(&protocol);
    let here = |listener: &Listener| listener.namespace == query.namespace;
    let (listeners, others): (Vec<_>, Vec<_>) =
        std::mem::take(&mut views.listeners).into_iter().partition(|one| asked(one.protocol));
    let other_protocol = others.into_iter().filter(|one| here(one) && !one.ephemeral).collect();
    views.listeners.clone_from(&listeners);
    views.snapshot.sockets.retain(|socket| asked(socket.protocol));
    views.probes.retain(|probe| asked(probe.protocol));
    views.kernel_users.retain(|user| asked(user.protocol));
    let tables: Vec<&str> = query.protocols.iter().map(|protocol| protocol.name()).collect();
    views.proc_net.retain(|view| tables.contains(&view.table.trim_end_matches('6')));
    let answer = who::explain(query, &views);
    let (listeners, elsewhere): (Vec<_>, Vec<_>) = listeners.into_iter().partition(here);
    let holders = holders::describe(&listeners, &views.snapshot);
    let mut sockets = views.snapshot.sockets;
    sockets.retain(|socket| {
        let waits = socket.is_listener() || matches!(socket.state, State::Bound | State::Unconnected);
        socket.namespace == query.namespace && waits
    });
    ServiceFacts {
        logs: logs::open_logs(&holders),
        listeners,
        elsewhere,
        other_protocol,
        answer: Some(answer),
        holders,
        sockets,
        namespaces: views.snapshot.namespaces,
        unseen: views.snapshot.unseen,
        ..ServiceFacts::default()
    }
}

/// Who is to hold it.
fn meant(query: &Query, facts: &mut ServiceFacts) {
    let Some(protocol) = query.protocols.first().copied() else { return };
    let namespace = query.namespace.0;
    let vacant = facts.listeners.is_empty();
    // Each waits for a program or for the kernel: side by side.
    let (units, nearby, running) = thread::scope(|scope| {
        let units = scope.spawn(Units::look);
        let nearby = scope.spawn(move || if vacant { listeners_here() } else { Vec::new() });
        let running = candidates::running();
        (units.join().unwrap_or_default(), nearby.join().unwrap_or_default(), running)
    });
    let (publishers, unseen) = containers::publishers(protocol, query.port, namespace, &running);
    facts.unseen.extend(unseen);
    if let Some(trouble) = &units.trouble {
        facts.unseen.push(Unseen {
            subject: UnseenSubject::Units,
            reason: UnseenReason::Failed,
            count: 1,
            detail: format!("units of the service manager: {trouble}"),
            remedy: None,
        });
    }
    let tree = Tree::default();
    let search = Search {
        port: query.port,
        protocol,
        namespace,
        holders: &facts.holders,
        running: &running,
        units: &units,
        tree: &tree,
        listeners: &nearby,
    };
    let (candidates, is_mentioned) = (search.candidates(), search.is_mentioned());
    facts.candidates = candidates;
    facts.is_mentioned = is_mentioned;
    facts.socket_units = units.sockets(query.port);
    for publisher in &publishers {
        let log = publisher.container.log.as_deref().and_then(logs::at_path);
        facts.logs.extend(log);
    }
    facts.publishers = publishers;
    facts.missing_programs = missing(&facts.listeners, &tree);
    facts.nearby = nearby;
}

/// Programs that activators of the listeners would start, and that are not there.
fn missing(listeners: &[Listener], tree: &Tree) -> Vec<String> {
    let commands = listeners.iter().filter_map(|one| one.owner.activates.as_ref()?.starts.as_deref());
    let programs = commands.filter_map(|command| command.split_whitespace().next());
    programs.filter(|program| program.starts_with('/') && !tree.has(program)).map(str::to_owned).collect()
}

/// Everything that listens in the calling thread's network namespace.
fn listeners_here() -> Vec<Listener> {
    let request = Request {
        protocols: vec![Protocol::Tcp, Protocol::Udp],
        ip_versions: IpVersions::Both,
        namespaces: NamespaceScope::Own,
        owners: Owners::Names,
        details: Details::default(),
        bpf: BpfUse::Never,
        ..Request::listeners()
    };
    collect::collect(&request).map(|snapshot| survey::listeners(&snapshot)).unwrap_or_default()
}

fn nothing_seen(error: &collect::CollectError) -> Unseen {
    Unseen {
        subject: UnseenSubject::Sockets,
        reason: UnseenReason::Failed,
        count: 1,
        detail: format!("who holds the port: {error}"),
        remedy: None,
    }
}
