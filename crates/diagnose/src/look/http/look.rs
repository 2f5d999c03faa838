//! Which endpoints are asked for what, side by side, and the watch over the upstream meanwhile.

use std::thread;

use portreeve_model::why::{Application, Endpoint};
use portreeve_tls::client::Session;

use super::place::Own;
use super::request::Limits;
use super::visit::{self, Errand};
use super::{session, upstream};
use crate::facts::http::{HostOrigin, HttpFacts, Visit};
use crate::facts::{ServiceFacts, TlsFacts, Trial, TrialFacts};
use crate::look::Budget;
use crate::target::Question;

/// Asks every endpoint that took a connection for the path, side by side.
pub(crate) fn look(
    question: &Question,
    endpoints: &[Endpoint],
    trials: &TrialFacts,
    tls: &TlsFacts,
    service: &ServiceFacts,
    budget: Budget,
) -> HttpFacts {
    let secure = match question.target.application {
        Application::Https => true,
        Application::Http => false,
        _ => return HttpFacts::default(),
    };
    // What took no connection, or made no session, is other layers' matter.
    let open = |endpoint: &&Endpoint| {
        let connected = trials.of(endpoint.address).is_none_or(Trial::is_answered);
        connected && (!secure || tls.of(endpoint.address).is_none_or(|tried| tried.meeting.is_done()))
    };
    let asked: Vec<&Endpoint> = endpoints.iter().filter(open).collect();
    let errands: Vec<Errand> =
        asked.iter().filter_map(|endpoint| errand(question, endpoint, endpoints, tls, secure)).collect();
    if errands.is_empty() {
        return HttpFacts::default();
    }
    let limits = Limits::of(budget);
    let here = asked.iter().any(|endpoint| endpoint.interface.is_some());
    let watch = here.then(|| upstream::Watch::begin(service));
    let visits = thread::scope(|scope| {
        let visiting: Vec<_> = errands
            .iter()
            .map(|errand| scope.spawn(move || visit::visit(errand, standing(errand, tls), limits)))
            .collect();
        let done = || visiting.iter().all(thread::ScopedJoinHandle::is_finished);
        if let Some(watch) = &watch {
            watch.sample_while(|| !done());
        }
        visiting
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect::<Vec<Visit>>()
    });
    let upstream = watch.and_then(|watch| watch.end(&visits, budget));
    HttpFacts { visits, upstream }
}

/// What is asked of an endpoint: by the name of the question; without one by a name of the certificate that is shown there, since that is
/// what it serves; otherwise by its address.
fn errand(
    question: &Question,
    endpoint: &Endpoint,
    endpoints: &[Endpoint],
    tls: &TlsFacts,
    secure: bool,
) -> Option<Errand> {
    let target = &question.target;
    let certified = tls.names(endpoint.address);
    let whole = certified.iter().find(|name| !name.starts_with("*."));
    let address = endpoint.address.ip().to_canonical().to_string();
    let (host, origin) = match (&target.name, whole) {
        (Some(name), _) => (name.clone(), HostOrigin::Question),
        (None, Some(name)) if target.address.is_none() => (name.clone(), HostOrigin::Certificate),
        (None, _) => (address.clone(), HostOrigin::Address),
    };
    let port = endpoint.address.port();
    let url = |host: &str| visit::url(secure, host, port, &target.path);
    // A name that no URL can hold is asked for by address.
    let (url, origin) = match url(&host) {
        Some(url) => (url, origin),
        None => (url(&address)?, HostOrigin::Address),
    };
    let mut names: Vec<String> = url.host_str().map(str::to_owned).into_iter().collect();
    names.extend(certified.iter().cloned());
    let addresses = endpoints.iter().map(|one| one.address.ip()).collect();
    Some(Errand { url, host: origin, own: Own { endpoint: endpoint.address, addresses, names } })
}

/// The session of the handshake that was tried, if it was made for the host that is asked for. Otherwise it ends here: a server that
/// serves one connection at a time would wait for it.
fn standing(errand: &Errand, tls: &TlsFacts) -> Option<Session> {
    let session = tls.session(errand.own.endpoint)?;
    let tried = tls.of(errand.own.endpoint)?;
    session::is_for(&tried.meeting, &errand.url).then_some(session)
}
