//! Watching holders and candidates while the rest is tried: who comes, who goes.

use std::thread;
use std::time::{Duration, Instant};

use portreeve_inventory::collect::{
    self, BpfUse, Details, IpVersions, NamespaceScope, Owners, Request, collect,
};
use portreeve_inventory::filter::{Comparison, Filter, Side, Test};
use portreeve_linux::proc::Proc;
use portreeve_linux::system::System;
use portreeve_model::Protocol;

use super::candidates;
use super::processes;
use super::protocols;
use crate::facts::ServiceFacts;
use crate::facts::service::{Change, Event, Watch};
use crate::target::Question;

/// A port that nobody holds is watched for this long, where something is to hold it, or came and went.
const VACANT: Duration = Duration::from_secs(1);
/// And for this long, where nothing speaks for a restart.
const GLANCE: Duration = Duration::from_millis(400);
/// A holder that was started a moment ago is watched for this long: a healthy one is soon told.
const YOUNG: Duration = Duration::from_millis(500);
/// A holder of this age is taken for one that stays.
const SETTLED: Duration = Duration::from_secs(20);
/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(60);

/// Watches, where it may tell something.
pub(crate) fn watch(question: &Question, service: &ServiceFacts) -> Watch {
    let begun = Instant::now();
    let roots = service.roots();
    let young = !roots.is_empty() && roots.iter().all(|root| root.age.is_some_and(|age| age < SETTLED));
    let meant = service.is_mentioned
        || service.candidates.iter().any(|one| !one.processes.is_empty() || one.unit.is_some());
    let mut span = match (service.listeners.is_empty(), meant) {
        (false, _) => YOUNG,
        (true, true) => VACANT,
        (true, false) => GLANCE,
    };
    if !service.listeners.is_empty() && !young {
        return Watch::default();
    }
    let Ok(proc) = Proc::open() else { return Watch::default() };
    let system = System::read();
    let mut watched = Watched::new(question.target.port, service, &proc);
    let mut events = Vec::new();
    let mut listening = !service.listeners.is_empty();
    while begun.elapsed() < span {
        thread::sleep(PAUSE);
        watched.look(&proc, &system, begun.elapsed(), &mut events);
        if let Some((now, who)) = listener(question)
            && now != listening
        {
            listening = now;
            let change = if now { Change::Came } else { Change::Went };
            let known = events.iter().any(|event: &Event| {
                Some(event.pid) == who.as_ref().map(|(pid, _)| *pid) && event.change == change
            });
            if let Some((pid, command)) = who.filter(|_| !known) {
                events.push(Event { after: begun.elapsed(), change, pid, command });
            }
        }
        if !events.is_empty() {
            span = span.max(VACANT);
        }
    }
    Watch { span: begun.elapsed(), events, listening_at_end: Some(listening) }
}

/// The processes that are watched, and how new ones of theirs are recognised.
struct Watched {
    alive: Vec<(u32, u64, String)>,
    commands: Vec<String>,
    known: Vec<u32>,
    port: u16,
    /// Processes of other network namespaces are other hosts' as far as the port is concerned.
    namespace: Option<u64>,
}

impl Watched {
    fn new(port: u16, service: &ServiceFacts, proc: &Proc) -> Self {
        let holders = service.roots().into_iter().map(|holder| {
            let words = &holder.process.command_line;
            let command = if words.is_empty() { holder.process.name.to_string() } else { words.join(" ") };
            (holder.pid(), holder.process.id.start_ticks, command)
        });
        let candidates = service.candidates.iter().flat_map(|candidate| &candidate.processes);
        let candidates = candidates.map(|one| (one.pid, one.start_ticks, one.command_line.clone()));
        let alive: Vec<(u32, u64, String)> = holders.chain(candidates).collect();
        let mut commands: Vec<String> = alive.iter().map(|(_, _, command)| command.clone()).collect();
        commands.extend(
            service
                .candidates
                .iter()
                .filter_map(|candidate| candidate.unit.as_ref().map(|unit| unit.command.clone())),
        );
        commands.retain(|command| !command.is_empty());
        Self {
            alive,
            commands,
            known: proc.pids().unwrap_or_default(),
            port,
            namespace: collect::own_namespace().ok().map(|id| id.0),
        }
    }

    fn look(&mut self, proc: &Proc, system: &System, after: Duration, events: &mut Vec<Event>) {
        let pids = proc.pids().unwrap_or_default();
        self.alive.retain(|(pid, ticks, command)| {
            let same = pids.contains(pid)
                && processes::one(proc, *pid, system).is_some_and(|running| running.start_ticks == *ticks);
            if !same {
                events.push(Event { after, change: Change::Went, pid: *pid, command: command.clone() });
            }
            same
        });
        for pid in pids.iter().filter(|pid| !self.known.contains(pid)) {
            // A process that was just forked still has its parent's command line: it is looked at once more.
            let Some(running) = processes::one(proc, *pid, system) else { continue };
            if running.namespace != self.namespace {
                continue;
            }
            let command = running.command_line();
            let meant = self.commands.contains(&command) || candidates::is_meant(&running, self.port);
            if meant && !self.alive.iter().any(|(known, ..)| known == pid) {
                events.push(Event { after, change: Change::Came, pid: *pid, command: command.clone() });
                self.alive.push((*pid, running.start_ticks, command));
            }
        }
    }
}

/// Whether somebody listens on the port in this namespace, and who; none where it cannot be told.
fn listener(question: &Question) -> Option<(bool, Option<(u32, String)>)> {
    let target = &question.target;
    let mut kinds = protocols(target.protocol);
    kinds.retain(|protocol| matches!(protocol, Protocol::Tcp | Protocol::Udp));
    let request = Request {
        protocols: kinds,
        ip_versions: IpVersions::Both,
        states: portreeve_model::State::Listen.mask() | portreeve_model::State::Unconnected.mask(),
        filter: Some(Filter::from(Test::Port(Side::Source, Comparison::Equal, target.port))),
        namespaces: NamespaceScope::Own,
        owners: Owners::Names,
        details: Details::default(),
        bpf: BpfUse::Never,
    };
    let snapshot = collect(&request).ok()?;
    let socket = snapshot.sockets.iter().find(|socket| socket.is_listener());
    let who =
        socket.and_then(|socket| socket.holders.first()).map(|holder| (holder.pid, holder.name.to_string()));
    Some((socket.is_some(), who))
}
