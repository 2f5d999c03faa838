//! The handshakes themselves, side by side.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use jiff::Timestamp;
use portreeve_model::Protocol;
use portreeve_model::why::{Application, Endpoint};
use portreeve_tls::chain;
use portreeve_tls::client::{Meeting, Options, Session, handshake};
use portreeve_tls::store::{Origin, Store};

use super::files;
use super::second::{self, Asked};
use crate::facts::{ConfiguredCertificate, Outcome, ServiceFacts, SmallTry, TlsFacts, TlsTry, TrialFacts};
use crate::look::{Budget, Segments, connect, standing};
use crate::target::Question;

/// Makes a real handshake with every endpoint that took a connection, side by side.
pub(crate) fn look(
    question: &Question,
    endpoints: &[Endpoint],
    trials: &TrialFacts,
    service: &ServiceFacts,
    budget: Budget,
) -> TlsFacts {
    let target = &question.target;
    let is_expected = matches!(target.application, Application::Https | Application::Tls);
    if target.protocol != Protocol::Tcp || !is_expected {
        return TlsFacts::default();
    }
    let takes = |endpoint: &&Endpoint| {
        trials.of(endpoint.address).is_some_and(|trial| matches!(trial.outcome, Outcome::Connected(_)))
    };
    let at = Timestamp::now();
    let (store, configured, met) = thread::scope(|scope| {
        let running: Vec<_> = endpoints
            .iter()
            .filter(takes)
            .map(|endpoint| {
                let over_loopback = trials.of(endpoint.address).is_some_and(|trial| trial.over_loopback);
                (
                    endpoint.address,
                    scope.spawn(move || first(question, endpoint.address, over_loopback, budget)),
                )
            })
            .collect();
        // Reading files takes about as long as a handshake.
        let (store, configured) = (Store::of_this_system(), files::look(service));
        let met: Vec<(SocketAddr, First)> = running
            .into_iter()
            .map(|(endpoint, thread)| {
                (endpoint, thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            })
            .collect();
        (store, configured, met)
    });
    let tries = thread::scope(|scope| {
        let (store, configured) = (&store, &configured);
        let running: Vec<_> = met
            .into_iter()
            .map(|(endpoint, first)| {
                scope.spawn(move || whole(question, endpoint, first, store, configured, at, budget))
            })
            .collect();
        let joined = running
            .into_iter()
            .map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.collect()
    });
    TlsFacts {
        tries,
        store: store.to_string(),
        is_without_store: store.origin == Origin::Mozilla,
        at: Some(at),
        configured,
    }
}

/// What came of the first handshake.
struct First {
    meeting: Meeting,
    session: Option<Session>,
    small: Option<SmallTry>,
}

fn first(question: &Question, endpoint: SocketAddr, over_loopback: bool, budget: Budget) -> First {
    let deadline = Instant::now() + budget.wait();
    let options = options(question.target.application, deadline);
    let name = question.target.name.as_deref();
    let stream = match connect(endpoint, Segments::Usual, budget.wait()) {
        Ok(stream) => stream,
        Err(outcome) => {
            let meeting = second::not_connected(name, &outcome);
            return First { meeting, session: None, small: None };
        }
    };
    let seen = stream.try_clone().ok();
    let (meeting, session) = handshake(stream, name, &options);
    let hangs = second::hangs(&meeting) && !over_loopback;
    let usual = seen.filter(|_| hangs).and_then(|stream| standing(&stream));
    let small =
        usual.and_then(|usual| second::small(endpoint, usual, name, question.target.application, budget));
    First { meeting, session, small }
}

fn whole(
    question: &Question,
    endpoint: SocketAddr,
    first: First,
    store: &Store,
    configured: &[ConfiguredCertificate],
    at: Timestamp,
    budget: Budget,
) -> TlsTry {
    let First { meeting, session, small } = first;
    let asked = Asked { question, endpoint, configured, budget };
    let second = second::look(&asked, &meeting, small.as_ref());
    // A server of HTTP/2 alone is judged by what it says to clients of HTTP/2.
    let meeting = match &second.with_http2 {
        Some(other) if other.is_done() && !meeting.is_done() => other.clone(),
        _ => meeting,
    };
    let verdict = chain::judge(&meeting.chain, store, at);
    TlsTry { endpoint, meeting, verdict, second, small, session: Mutex::new(session) }
}

/// What is offered: HTTP/1.1 where HTTP is asked later, nothing where something else is inside.
pub(super) fn options(application: Application, deadline: Instant) -> Options {
    match application {
        Application::Https => Options::http(deadline),
        _ => Options::plain(deadline),
    }
}
