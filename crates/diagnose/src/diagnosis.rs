//! The diagnosis of one target: what is gathered when, side by side, and the document made of it.

use std::thread;
use std::time::{Duration, Instant};

use portreeve_inventory::host::this_host;
use portreeve_model::document::{self, Why};
use portreeve_model::why::{Endpoint, Sight};

use crate::attempts;
use crate::case::Case;
use crate::endpoints;
use crate::facts::service::Watch;
use crate::facts::{HttpFacts, ServiceFacts, TlsFacts, TrialFacts};
use crate::layers;
use crate::look::{self, BpfUse, Budget};
use crate::rank::{self, Ranked};
use crate::target::{Probe, Question};

/// The whole may take this long: less than ten seconds whatever is wrong, with what the program needs besides.
const WHOLE: Duration = Duration::from_secs(9);
/// One answer is waited for this long: two retransmissions of a SYN (RFC 6298: after 1 s and 2 s more) and their answers fit.
const PATIENCE: Duration = Duration::from_millis(3_500);

/// How the diagnosis may look.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether the kernel's BPF iterator may be used to find holders.
    pub bpf: BpfUse,
}

/// Told what is being waited for; shown to a person who waits, too.
pub trait Progress: Sync {
    /// A part begins.
    fn begins(&self, part: &str);
}

/// Diagnoses one target from the calling thread's network namespace.
#[must_use]
pub fn diagnose(question: Question, options: Options, progress: &dyn Progress) -> Why {
    let begun = Instant::now();
    let budget = Budget { deadline: begun + WHOLE, patience: PATIENCE };
    let mut case = gather(question, options, budget, progress);
    let layers = layers::judge(&case);
    let Ranked { verdict, statement, primary, contributing } = rank::rank(&layers);
    Why {
        schema: document::WHY.to_owned(),
        host: case.host,
        target: case.question.target,
        sight: case.sight,
        clients: std::mem::take(&mut case.path.clients),
        attempts: attempts::told(&case.endpoints, &case.trials, &case.tls, &case.http),
        endpoints: case.endpoints,
        verdict,
        statement,
        primary,
        contributing,
        layers,
        took_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        unseen: case.path.unseen.into_iter().chain(case.service.unseen).collect(),
    }
}

fn gather(question: Question, options: Options, budget: Budget, progress: &dyn Progress) -> Case {
    progress.begins("looking at this host");
    // Each only waits for the kernel, for a program or for a name server: side by side.
    let (mut names, path, mut service, mut queues) = thread::scope(|scope| {
        let question = &question;
        let names = scope.spawn(move || {
            if question.target.name.is_some() {
                progress.begins("asking name servers");
            }
            look::names(question, budget)
        });
        let path = scope.spawn(look::host_path);
        let service = scope.spawn(move || look::service(question, options.bpf));
        let queues = look::queues(question);
        (joined(names), joined(path), joined(service), queues)
    });
    let mut path = path;
    let mut conntrack = look::conntrack();
    if let Some(names) = &mut names {
        look::names_served_here(names, &service);
    }
    let (endpoints, sight) = endpoints::choose(&question, names.as_ref(), &path, &service);
    look::simulate(&mut path, &question, &endpoints, sight);
    let (trials, tls, http, ports, limits, watch, onward) = thread::scope(|scope| {
        let (question, endpoints, service, seen) = (&question, &endpoints, &service, &path);
        let tried = scope.spawn(move || trying(question, endpoints, service, budget, progress));
        let onward = scope.spawn(move || look::onward(question, seen, budget));
        let ports = scope.spawn(move || look::ports(question, endpoints, seen));
        let limits = scope.spawn(move || look::limits(question, service));
        let watch = scope.spawn(move || {
            if sight == Sight::Inside { look::service_watch(question, service) } else { Watch::default() }
        });
        let (trials, tls, http) = joined(tried);
        (trials, tls, http, joined(ports), joined(limits), joined(watch), joined(onward))
    });
    service.watch = watch;
    // After the trials, which may have been refused, or have been the last straw.
    let kernel = if sight == Sight::Inside { look::kernel_log() } else { look::KernelLog::default() };
    let mac = look::mac(&service, &kernel);
    let mut limits = limits;
    look::limits_again(&mut limits, &service, &kernel);
    look::path_again(&mut path, onward);
    look::conntrack_again(&mut conntrack);
    look::queues_again(&mut queues, &question, &service);
    Case {
        question,
        sight,
        host: this_host(),
        endpoints,
        names,
        path,
        conntrack,
        service,
        queues,
        limits,
        ports,
        mac,
        trials,
        tls,
        http,
    }
}

/// What is tried of the endpoints: a connection; over it, a handshake; in that, a request.
fn trying(
    question: &Question,
    endpoints: &[Endpoint],
    service: &ServiceFacts,
    budget: Budget,
    progress: &dyn Progress,
) -> (TrialFacts, TlsFacts, HttpFacts) {
    if question.probe == Probe::Forbidden {
        return (TrialFacts::default(), TlsFacts::default(), HttpFacts::default());
    }
    progress.begins("connecting");
    let trials = look::trials(question, endpoints, budget);
    progress.begins("making a TLS handshake");
    let tls = look::tls(question, endpoints, &trials, service, budget);
    progress.begins("asking over HTTP");
    let http = look::http(question, endpoints, &trials, &tls, service, budget);
    (trials, tls, http)
}

/// What a thread made; a panic in it is this thread's.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
