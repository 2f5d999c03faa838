//! What is said of an upstream: which it is, what is wrong with it, how that is known.

use portreeve_model::why::{Evidence, Nature};

use super::finding::{Finding, View, Weight};
use crate::facts::http::{
    Condition, LogLine, Problem, Reached, Source, Upstream, UpstreamAddress, UpstreamFacts,
};
use crate::layers::evidence;

/// What the client saw, which decides how much of an upstream's state explains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It waits, or the proxy gave up waiting.
    Waiting,
    /// The proxy, or the connection, failed.
    Ended,
    /// The proxy, or the application itself, says that it is not available.
    Refused,
}

/// What is said.
#[derive(Debug)]
pub(super) struct Words {
    /// `nothing listens on its upstream 127.0.0.1:8080`.
    pub(super) clause: String,
    nature: Nature,
    evidence: Vec<Evidence>,
    fix: Vec<String>,
}

impl Words {
    /// Adds what is known to a fault.
    pub(super) fn onto(self, mut finding: Finding) -> Finding {
        if let Weight::Fault(nature, _) = &mut finding.weight {
            *nature = (*nature).min(self.nature);
        }
        finding.evidence.extend(self.evidence);
        finding.fix.extend(self.fix);
        finding
    }
}

/// What is wrong with an upstream, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Stopped,
    QueueFull,
    Nobody,
    Refused,
    NoSocket,
    NoName,
    Silent,
    Unreachable,
    Failed,
    Forbidden,
    NoDescriptor,
    NoPort,
    Closed,
    BadAnswer,
    NoSession,
    NoneLeft,
    Late,
    Fine,
}

/// What can be said of the upstream; none where there is none, or where it does not explain what was seen.
pub(super) fn told(view: View<'_>, asked: Asked) -> Option<Words> {
    let facts = view.upstreams()?;
    let likely = facts.likely()?;
    let state = state(likely, asked);
    let explains = match asked {
        // A proxy that says so has an upstream that fails; silence may be the proxy's own.
        Asked::Ended | Asked::Waiting if status(view).is_some_and(|status| status >= 500) => true,
        Asked::Waiting => likely.is_witnessed() || likely.is_unwell(),
        // Applications answer 503 themselves: only an upstream that is not well explains it.
        Asked::Ended | Asked::Refused => likely.problem.is_some() || likely.is_unwell(),
    };
    if !explains || (asked == Asked::Refused && state == State::Fine) {
        return None;
    }
    let same = same_state(facts, likely, state, asked);
    Some(words(facts, &same, state))
}

/// All upstreams for what was asked that are in the same state, the likely one first.
fn same_state<'a>(
    facts: &'a UpstreamFacts,
    likely: &'a Upstream,
    state: State,
    asked: Asked,
) -> Vec<&'a Upstream> {
    let others = facts.upstreams.iter().filter(|other| {
        other.address != likely.address
            && (other.is_asked() || other.is_witnessed())
            && self::state(other, asked) == state
    });
    std::iter::once(likely).chain(others).collect()
}

fn status(view: View<'_>) -> Option<u16> {
    Some(view.visit.last()?.answer()?.status)
}

/// What is wrong with it: what is seen now before what was written about it.
fn state(upstream: &Upstream, asked: Asked) -> State {
    let condition = &upstream.condition;
    if !condition.stopped.is_empty() {
        return State::Stopped;
    }
    if condition.queue.is_some_and(|(length, limit)| length > limit) {
        return State::QueueFull;
    }
    let now = match &condition.reached {
        Some(Reached::Refused | Reached::Connected(_)) | None if condition.nobody => State::Nobody,
        Some(Reached::Refused) => State::Refused,
        Some(Reached::Silent(_)) => State::Silent,
        Some(Reached::NoName) => State::NoName,
        Some(Reached::NoSocket) => State::NoSocket,
        Some(Reached::QueueFull) => State::QueueFull,
        Some(Reached::Failed(_)) => State::Failed,
        Some(Reached::Connected(_)) | None => State::Fine,
    };
    let written = upstream.problem.map(|problem| match problem {
        Problem::Refused => State::Refused,
        Problem::TimedOut => State::Late,
        Problem::Unreachable => State::Unreachable,
        Problem::Closed => State::Closed,
        Problem::NoName => State::NoName,
        Problem::NoSocket => State::NoSocket,
        Problem::Forbidden => State::Forbidden,
        Problem::NoDescriptor => State::NoDescriptor,
        Problem::NoPort => State::NoPort,
        Problem::QueueFull => State::QueueFull,
        Problem::BadAnswer => State::BadAnswer,
        Problem::NoSession => State::NoSession,
        Problem::NoneLeft => State::NoneLeft,
    });
    match (now, written) {
        // Whoever may not enter a folder does not see that the socket in it is missing.
        (State::NoSocket, _) => State::NoSocket,
        // The proxy's own trouble explains it, whatever the upstream does.
        (_, Some(own @ (State::Forbidden | State::NoDescriptor | State::NoPort))) => own,
        (State::Fine, Some(written)) => written,
        (State::Fine, None) if asked == Asked::Waiting => State::Late,
        (now, _) => now,
    }
}

fn words(facts: &UpstreamFacts, upstreams: &[&Upstream], state: State) -> Words {
    let likely = upstreams.first();
    let names = listed(upstreams);
    let many = upstreams.len() > 1;
    let its = if many { "its upstreams" } else { "its upstream" };
    let first = likely.map(|upstream| upstream.address.to_string()).unwrap_or_default();
    let condition = likely.map(|upstream| &upstream.condition);
    let is_unix = likely.is_some_and(|upstream| matches!(upstream.address, UpstreamAddress::Unix { .. }));
    let (verb_is, verb_does) = if many { ("are", "do") } else { ("is", "does") };
    let clause = match state {
        State::Stopped => format!("{its} {names} {verb_is} stopped (state T)"),
        State::QueueFull => {
            let queue = condition.and_then(|condition| condition.queue);
            let numbers = queue
                .map(|(length, limit)| format!(": {length} connections wait, the limit is {limit}"))
                .unwrap_or_default();
            format!("the queue of {its} {names} is full{numbers}")
        }
        State::Nobody | State::NoSocket if is_unix && state == State::NoSocket => {
            format!("the Unix socket of {its} {names} does not exist")
        }
        State::Nobody | State::NoSocket => format!("nothing listens on {its} {names}"),
        State::Refused => format!("{its} {names} {verb_is} refusing connections"),
        State::NoName => format!("the name of {its} {names} has no address"),
        State::Silent => format!("{its} {names} {verb_does} not answer connections"),
        State::Unreachable => format!("there is no way to {its} {names}"),
        State::Failed => format!("a connection to {its} {names} fails"),
        State::Forbidden => format!("it may not connect to {its} {names} (permission denied)"),
        State::NoDescriptor => format!("it has no descriptor left for a connection to {its} {names}"),
        State::NoPort => format!("this host has no local port left for a connection to {its} {names}"),
        State::Closed => format!("{its} {names} ended the connection before an answer"),
        State::BadAnswer => format!("what {its} {names} answered was not understood, or too large"),
        State::NoSession => format!("no TLS session stands with {its} {names}"),
        State::NoneLeft => format!("all servers of {its} {names} are set aside as failed"),
        State::Late => format!("{its} {names} takes the request and answers late or not at all"),
        State::Fine => format!("{its} {verb_is} {names}, which takes connections now"),
    };
    // Permissions of a file are the thing itself; for a port they are somebody's rule, which other layers find.
    let is_forbidden = state == State::Forbidden && !is_unix;
    let own =
        is_forbidden || matches!(state, State::NoDescriptor | State::NoPort | State::Fine | State::Failed);
    let mut fix = fixes(facts, likely.copied(), state, &first);
    fix.extend(where_configured(likely.copied()));
    Words {
        clause,
        nature: if own { Nature::Symptom } else { Nature::Cause },
        evidence: upstreams.iter().take(3).flat_map(|upstream| shown(upstream)).collect(),
        fix,
    }
}

/// `127.0.0.1:8080 (gunicorn (pid 900)) and 127.0.0.1:8081`.
fn listed(upstreams: &[&Upstream]) -> String {
    let name = |upstream: &&Upstream| {
        let held = upstream.condition.listener.clone();
        let container = upstream.condition.container.as_ref().map(|name| format!("container {name}"));
        match container.or(held) {
            Some(who) => format!("{} ({who})", upstream.address),
            None => upstream.address.to_string(),
        }
    };
    let names: Vec<String> = upstreams.iter().take(4).map(name).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn fixes(facts: &UpstreamFacts, upstream: Option<&Upstream>, state: State, first: &str) -> Vec<String> {
    let Some(upstream) = upstream else { return Vec::new() };
    let look = connect_command(&upstream.address);
    match state {
        State::Stopped => {
            let pids: Vec<String> = upstream.condition.stopped.iter().map(u32::to_string).collect();
            vec![format!("let it run again: kill -CONT {}", pids.join(" "))]
        }
        State::Nobody | State::NoSocket | State::Refused => {
            vec![format!("start the application that should listen on {first}, and see that it does: {}", listen_command(&upstream.address))]
        }
        State::QueueFull => vec![format!("see why the application does not accept its connections (its workers are all busy or hang), and give it more workers: {}", listen_command(&upstream.address))],
        State::NoName => vec!["correct the name, or give it an address (DNS, /etc/hosts), and reload the proxy: many look names up only when they start".to_owned()],
        State::Silent | State::Unreachable | State::Failed => vec![format!("see whether that host is up and lets this one in: {look}")],
        State::Forbidden => match (&upstream.address, facts.proxy()) {
            (UpstreamAddress::Unix { path }, _) => vec![format!("let the proxy's user write to the socket: ls -l {path} (php-fpm: listen.owner, listen.group, listen.mode)")],
            (UpstreamAddress::Tcp { .. }, _) => vec!["let the proxy connect (SELinux: setsebool -P httpd_can_network_connect on), or take out the rule that rejects it".to_owned()],
        },
        State::NoDescriptor => vec!["raise its limit on open files (nginx: worker_rlimit_nofile; systemd: LimitNOFILE)".to_owned()],
        State::NoPort => vec!["keep connections to the upstream open (nginx: keepalive in upstream), or widen net.ipv4.ip_local_port_range".to_owned()],
        State::Closed => vec![format!("read the log of the application on {first}: it ended or crashed at the request; {look}")],
        State::BadAnswer => vec![format!("see what it answers (HTTP where TLS is spoken, or the other way round, or a head larger than the proxy's buffers): {look}")],
        State::NoSession => vec![format!("see what it speaks: openssl s_client -connect {first} </dev/null")],
        State::NoneLeft => vec!["see what the proxy's log said of each of them before".to_owned()],
        State::Late | State::Fine => vec![format!("see what the application on {first} waits for; ask it without the proxy: {look}")],
    }
}

fn where_configured(upstream: Option<&Upstream>) -> Option<String> {
    upstream?.sources.iter().find_map(|source| match source {
        Source::Configuration { file, line, text, .. } => {
            Some(format!("or correct {file}, line {line}: {text}"))
        }
        _ => None,
    })
}

/// How it is known, and how it is.
fn shown(upstream: &Upstream) -> Vec<Evidence> {
    let mut shown: Vec<Evidence> =
        upstream.sources.iter().take(4).map(|source| source_shown(&upstream.address, source)).collect();
    shown.extend(condition_shown(&upstream.address, &upstream.condition));
    shown
}

fn source_shown(address: &UpstreamAddress, source: &Source) -> Evidence {
    match source {
        Source::Log(LogLine { file, text, during }) => {
            let when = if *during { "" } else { " (before the request)" };
            evidence("log", format!("{file}: {text}{when}"), format!("tail -n 50 {file}"))
        }
        Source::Socket { pid, state, local, unsent } => {
            let text = match local.as_str() {
                "" => format!("pid {pid} has a connection to {address} while the request waits"),
                local => format!(
                    "pid {pid} has {state} from {local} to {address} while the request waits ({unsent} bytes not acknowledged)"
                ),
            };
            let command = match address {
                UpstreamAddress::Tcp { port, .. } => format!("ss -tnp 'dport = :{port}'"),
                UpstreamAddress::Unix { path } => format!("ss -xp | grep {path}"),
            };
            evidence("socket", text, command)
        }
        Source::Configuration { file, line, text, .. } => evidence(
            "configuration",
            format!("{file}, line {line}: {text}"),
            format!("sed -n {line}p {file}"),
        ),
    }
}

fn condition_shown(address: &UpstreamAddress, condition: &Condition) -> Vec<Evidence> {
    let mut shown = Vec::new();
    if condition.nobody {
        shown.push(evidence("listener", format!("no socket listens on {address}"), listen_command(address)));
    }
    for pid in &condition.stopped {
        shown.push(evidence(
            "process",
            format!("pid {pid} is in state T (stopped)"),
            format!("grep State /proc/{pid}/status"),
        ));
    }
    if let Some((length, limit)) = condition.queue.filter(|(length, _)| *length > 0) {
        shown.push(evidence(
            "queue",
            format!("{length} connections wait in the queue of {address}, which has a limit of {limit}"),
            listen_command(address),
        ));
    }
    if let Some(reached) = &condition.reached {
        let came = match reached {
            Reached::Connected(took) => format!("stands after {} ms", took.as_millis()),
            Reached::Refused => "refused".to_owned(),
            Reached::Silent(waited) => format!("no answer within {:.1} s", waited.as_secs_f64()),
            Reached::NoName => "its name has no address".to_owned(),
            Reached::NoSocket => "no such socket".to_owned(),
            Reached::QueueFull => "the queue is full".to_owned(),
            Reached::Failed(why) => why.clone(),
        };
        shown.push(evidence(
            "connection",
            format!("a connection from here to {address}: {came}"),
            connect_command(address),
        ));
    }
    shown
}

fn listen_command(address: &UpstreamAddress) -> String {
    match address {
        UpstreamAddress::Tcp { port, .. } => format!("ss -ltnp 'sport = :{port}'"),
        UpstreamAddress::Unix { path } => format!("ss -xlp src {path}"),
    }
}

fn connect_command(address: &UpstreamAddress) -> String {
    match address {
        UpstreamAddress::Tcp { .. } => format!("curl -sv -o /dev/null http://{address}/"),
        UpstreamAddress::Unix { path } => {
            format!("curl -sv -o /dev/null --unix-socket {path} http://localhost/")
        }
    }
}
