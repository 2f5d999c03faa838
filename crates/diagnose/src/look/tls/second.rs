//! What a failed handshake is followed by: the same in other ways, side by side, each over a connection of its own.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use portreeve_model::why::Application;
use portreeve_tls::client::{Ending, Meeting, Options, handshake};
use portreeve_tls::old::{self, Preamble, Reply};
use portreeve_wire::tls::{AlertDescription, Version};

use super::tries::options;
use crate::facts::{ConfiguredCertificate, Outcome, SecondTries, SmallTry, Standing};
use crate::look::{Budget, Segments, connect};
use crate::target::Question;

/// A second try is waited for this long: what it is compared with had its full time.
const LIMIT: Duration = Duration::from_secs(2);
/// One that shows a detail more is waited for this long.
const MOMENT: Duration = Duration::from_millis(600);
/// So many names are tried with a server that may want one.
const NAMES: usize = 3;

/// What is asked, of whom.
pub(super) struct Asked<'a> {
    pub(super) question: &'a Question,
    pub(super) endpoint: SocketAddr,
    pub(super) configured: &'a [ConfiguredCertificate],
    pub(super) budget: Budget,
}

impl Asked<'_> {
    fn deadline(&self) -> Instant {
        self.budget.deadline.min(Instant::now() + LIMIT)
    }

    fn limit(&self) -> Duration {
        self.deadline().saturating_duration_since(Instant::now())
    }

    fn meet(&self, name: Option<&str>, options: &Options) -> Option<Meeting> {
        let stream = connect(self.endpoint, Segments::Usual, self.limit()).ok()?;
        Some(handshake(stream, name, options).0)
    }

    fn old(&self, version: Version, preamble: Preamble) -> Option<Reply> {
        let stream = connect(self.endpoint, Segments::Usual, self.limit()).ok()?;
        let name = self.question.target.name.as_deref();
        Some(old::ask(stream, version, name, preamble, self.deadline()))
    }

    fn http(&self) -> Option<Reply> {
        let target = &self.question.target;
        let stream = connect(self.endpoint, Segments::Usual, self.limit()).ok()?;
        let host = target.name.clone().unwrap_or_else(|| match self.endpoint {
            SocketAddr::V4(v4) => v4.ip().to_string(),
            SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
        });
        let path = if target.path.starts_with('/') { target.path.as_str() } else { "/" };
        Some(old::ask_http(stream, &host, path, self.deadline()))
    }

    /// Names that the server may have: those of its configuration, and this host's own.
    fn names(&self) -> Vec<String> {
        let sites = self.configured.iter().flat_map(|one| {
            let of_leaf = one.chain.first().map(|leaf| leaf.names.clone()).unwrap_or_default();
            one.sites.iter().cloned().chain(of_leaf)
        });
        let own = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let mut names: Vec<String> = Vec::new();
        for name in sites.map(|name| name.replacen("*.", "www.", 1)).chain([own]) {
            if !names.contains(&name) && names.len() < NAMES {
                names.push(name);
            }
        }
        names
    }
}

/// Whether nothing came any more.
pub(super) fn hangs(meeting: &Meeting) -> bool {
    meeting.ending == Ending::Timeout
}

/// The meeting of a connection that was not made this time.
pub(super) fn not_connected(name: Option<&str>, outcome: &Outcome) -> Meeting {
    let ending = match outcome {
        Outcome::Silent(_) => Ending::Timeout,
        Outcome::Refused => Ending::Reset,
        other => Ending::Failed(format!("a second connection was not made: {other:?}")),
    };
    Meeting::ended(name, ending)
}

/// Whether the same handshake goes through where no segment is large.
pub(super) fn small(
    endpoint: SocketAddr,
    usual: Standing,
    name: Option<&str>,
    application: Application,
    budget: Budget,
) -> Option<SmallTry> {
    let deadline = budget.deadline.min(Instant::now() + LIMIT);
    let limit = deadline.saturating_duration_since(Instant::now());
    let stream = connect(endpoint, Segments::Small, limit).ok()?;
    let (meeting, _) = handshake(stream, name, &options(application, deadline));
    let small_mss = Segments::Small.limit(endpoint).unwrap_or_default();
    // Any answer but silence is more than large segments brought.
    let passed = !hangs(&meeting) && !matches!(meeting.ending, Ending::Failed(_));
    Some(SmallTry { usual, small_mss, passed })
}

/// What tells the reason of a failed handshake.
pub(super) fn look(asked: &Asked<'_>, meeting: &Meeting, small: Option<&SmallTry>) -> SecondTries {
    let passed_small = small.is_some_and(|small| small.passed);
    let is_explained =
        matches!(meeting.ending, Ending::Done | Ending::NotTls(_) | Ending::Failed(_)) || passed_small;
    if is_explained {
        return SecondTries { without_name: other_certificate(asked, meeting), ..SecondTries::default() };
    }
    let refusal = meeting.refusal();
    let is_https = asked.question.target.application == Application::Https;
    let named = asked.question.target.name.is_some();
    let is_mute = meeting.received == 0;
    thread::scope(|scope| {
        let without_name = named.then(|| {
            scope.spawn(|| asked.meet(None, &options(asked.question.target.application, asked.deadline())))
        });
        let with_names: Vec<_> = if named { Vec::new() } else { asked.names() }
            .into_iter()
            .map(|name| {
                let options = options(asked.question.target.application, asked.deadline());
                scope.spawn(move || asked.meet(Some(&name), &options))
            })
            .collect();
        let with_http2 = (is_https && refusal == Some(AlertDescription::NoApplicationProtocol)).then(|| {
            let alpn = vec!["h2".to_owned(), "http/1.1".to_owned()];
            scope.spawn(|| {
                let name = asked.question.target.name.as_deref();
                asked.meet(name, &Options { alpn, ..Options::plain(asked.deadline()) })
            })
        });
        let old: Vec<_> = [Version::Tls12, Version::Tls11, Version::Tls10, Version::Ssl3]
            .into_iter()
            .map(|version| (version, scope.spawn(move || asked.old(version, Preamble::None))))
            .collect();
        let http = is_mute.then(|| scope.spawn(|| asked.http()));
        let proxied = is_mute.then(|| scope.spawn(|| asked.old(Version::Tls12, Preamble::ProxyLine)));
        SecondTries {
            without_name: without_name.and_then(joined),
            with_names: with_names.into_iter().filter_map(joined).collect(),
            with_http2: with_http2.and_then(joined),
            old: old.into_iter().filter_map(|(version, thread)| Some((version, joined(thread)?))).collect(),
            http: http.and_then(joined),
            proxied: proxied.and_then(joined),
        }
    })
}

/// Which certificate is sent to those who name nobody, where the one for the name is another's.
fn other_certificate(asked: &Asked<'_>, meeting: &Meeting) -> Option<Meeting> {
    let name = asked.question.target.name.as_deref()?;
    if !meeting.is_done() || meeting.leaf().is_none_or(|leaf| leaf.is_for(name)) {
        return None;
    }
    // A server of one connection at a time is still busy with the first.
    let deadline = asked.deadline().min(Instant::now() + MOMENT);
    asked.meet(None, &options(asked.question.target.application, deadline))
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, Option<T>>) -> Option<T> {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
