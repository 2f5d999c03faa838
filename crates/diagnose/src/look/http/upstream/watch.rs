//! The watch over a proxy while it is asked: what was there before, whom it waits for meanwhile, what it wrote, and then how its upstreams are.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use portreeve_model::Protocol;

use super::configured::{self, Asked, Configured};
use super::proxies::{self, Taker};
use super::sockets::{self, Waiting};
use super::{assemble, condition, log_lines};
use crate::facts::ServiceFacts;
use crate::facts::http::{BodyEnd, Exchange, LogLine, Outcome, Proxy, UpstreamFacts, Visit};
use crate::look::tree::Tree;
use crate::look::{self, Budget};

/// A request that waits so long is worth a look at whom it waits for, and again.
const SAMPLES: [Duration; 6] = [
    Duration::from_millis(300),
    Duration::from_millis(800),
    Duration::from_millis(1_500),
    Duration::from_millis(2_500),
    Duration::from_secs(4),
    Duration::from_millis(5_500),
];
/// An answer that comes so late is worth a word about who made it late.
const LATE: Duration = Duration::from_secs(1);
/// Lines of logs that are older than this say nothing of now.
const RECENT: SignedDuration = SignedDuration::from_mins(10);
/// So many upstreams are looked at.
const MOST: usize = 12;

/// What was there before the request, and what is seen meanwhile.
#[derive(Debug)]
pub(in crate::look::http) struct Watch<'a> {
    service: &'a ServiceFacts,
    takers: Vec<Taker>,
    before: HashSet<u64>,
    begun: Instant,
    seen: Mutex<Vec<Waiting>>,
}

impl<'a> Watch<'a> {
    /// Begins before the request is sent.
    pub(in crate::look::http) fn begin(service: &'a ServiceFacts) -> Self {
        let takers = proxies::of(service);
        let before = proxies::sockets_of(&takers);
        Self { service, takers, before, begun: Instant::now(), seen: Mutex::default() }
    }

    /// Looks now and then whom the proxy waits for, as long as the request waits.
    pub(in crate::look::http) fn sample_while(&self, is_waiting: impl Fn() -> bool) {
        for at in SAMPLES {
            while self.begun.elapsed() < at {
                if !is_waiting() {
                    return;
                }
                thread::sleep(Duration::from_millis(10));
            }
            if !is_waiting() {
                return;
            }
            let waiting = sockets::waiting(&self.takers, &self.before, self.begun.elapsed());
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            for one in waiting {
                if !seen.iter().any(|known| known.address == one.address && known.state == one.state) {
                    seen.push(one);
                }
            }
        }
    }

    /// What it comes to; none where every answer is as it should be.
    pub(in crate::look::http) fn end(self, visits: &[Visit], budget: Budget) -> Option<UpstreamFacts> {
        let failed: Vec<&Exchange> =
            visits.iter().filter_map(Visit::last).filter(|exchange| is_worth_words(exchange)).collect();
        let first = failed.first()?;
        let lines = self.lines();
        let is_upstreams = failed.iter().any(|exchange| is_upstreams(exchange));
        if !is_upstreams {
            let proxies = self.takers.iter().map(|taker| taker.told(None)).collect();
            return Some(UpstreamFacts { proxies, lines: about_it(lines), ..UpstreamFacts::default() });
        }
        let (proxies, configured) = self.configured(first);
        let waiting = self.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut upstreams = assemble::upstreams(&lines, &waiting, &configured);
        upstreams.truncate(MOST);
        let mut unseen = Vec::new();
        let listening = proxies::listening(&[Protocol::Tcp, Protocol::UnixStream]);
        let taker = self.takers.first();
        match (&listening, taker.and_then(|taker| Some((taker.process.id.pid, taker.namespace?)))) {
            (Some(snapshot), Some((pid, namespace))) => {
                let tree = Tree::of_process(pid);
                let deadline = budget.deadline;
                let place = condition::Place { snapshot, namespace, tree: &tree, deadline };
                thread::scope(|scope| {
                    for upstream in &mut upstreams {
                        scope.spawn(move || upstream.condition = condition::of(&upstream.address, place));
                    }
                });
            }
            _ => unseen.push(
                "the processes behind the port were not seen, and so not whom they hand requests to"
                    .to_owned(),
            ),
        }
        Some(UpstreamFacts {
            proxies,
            upstreams: assemble::joined(upstreams),
            lines: about_it(lines),
            unseen,
        })
    }

    /// What the logs say: written meanwhile, and the latest of those before that are about upstreams.
    fn lines(&self) -> Vec<LogLine> {
        // A line may be written after the answer was sent.
        thread::sleep(Duration::from_millis(30));
        let new = look::new_log_lines(self.service).into_iter();
        let mut lines: Vec<LogLine> =
            new.map(|(file, line)| LogLine { file, text: line.text, during: true }).collect();
        let recent = Timestamp::now().checked_sub(RECENT).unwrap_or(Timestamp::MIN);
        for log in &self.service.logs {
            let about = log.since(recent).filter(|line| log_lines::notice(&line.text).is_some());
            let latest: Vec<LogLine> = about
                .map(|line| LogLine { file: log.path.clone(), text: line.text.clone(), during: false })
                .collect();
            lines.extend(latest.into_iter().rev().take(20));
        }
        lines
    }

    /// What the configurations of the processes name; one process of each program is asked.
    fn configured(&self, exchange: &Exchange) -> (Vec<Proxy>, Vec<Configured>) {
        let url = url::Url::parse(&exchange.url).ok();
        let asked = Asked {
            endpoint: exchange.to,
            host: url.as_ref().and_then(|url| url.host_str()).unwrap_or_default().to_owned(),
            path: url.as_ref().map_or("/", |url| url.path()).to_owned(),
        };
        let mut proxies = Vec::new();
        let mut configured: Vec<Configured> = Vec::new();
        let mut programs: Vec<&str> = Vec::new();
        for taker in &self.takers {
            let name = &*taker.process.name;
            if programs.contains(&name) {
                proxies.push(taker.told(None));
                continue;
            }
            programs.push(name);
            let pid = taker.process.id.pid;
            let read = configured::read(&taker.process, &Tree::of_process(pid), &asked);
            proxies.push(taker.told(read.file));
            configured.extend(read.upstreams);
        }
        (proxies, configured)
    }
}

/// Whether what came of a request is worth a look into logs.
fn is_worth_words(exchange: &Exchange) -> bool {
    match &exchange.outcome {
        Outcome::NotConnected(_) | Outcome::NoSession(_) => false,
        Outcome::Answer(answer) => {
            answer.status >= 400
                || answer.end != BodyEnd::Whole
                || exchange.first_byte.is_some_and(|first| first >= LATE)
        }
        Outcome::Closed { .. } | Outcome::Silent(_) | Outcome::NotHttp { .. } | Outcome::NoHead { .. } => {
            true
        }
    }
}

/// Whether an upstream may be behind it.
fn is_upstreams(exchange: &Exchange) -> bool {
    match &exchange.outcome {
        Outcome::Answer(answer) => answer.status >= 500 || answer.status < 400,
        _ => true,
    }
}

/// The lines that were written meanwhile and are no plain records of requests.
fn about_it(lines: Vec<LogLine>) -> Vec<LogLine> {
    lines.into_iter().filter(|line| line.during && !is_record(&line.text)).collect()
}

/// Whether a line records a request and its status, as access logs do: `"GET / HTTP/1.1" 502`, or an object with a status.
fn is_record(line: &str) -> bool {
    let after_request =
        line.split("HTTP/1.").nth(1).and_then(|rest| rest.split_once('"')).map(|(_, rest)| rest.trim_start());
    let has_status = after_request
        .is_some_and(|rest| rest.len() >= 3 && rest.bytes().take(3).all(|byte| byte.is_ascii_digit()));
    let is_object =
        line.starts_with('{') && line.contains("\"status\":") && log_lines::notice(line).is_none();
    has_status || is_object
}

#[cfg(test)]
mod tests {
    use super::is_record;

    #[test]
    fn records_of_requests_are_no_words_about_them() {
        assert!(is_record(
            "192.0.2.9 - - [22/Nov/2026:06:00:00 +0000] \"GET / HTTP/1.1\" 502 157 \"-\" \"portreeve/0.1.0\""
        ));
        assert!(is_record("{\"msg\":\"handled request\",\"status\":502}"));
        assert!(!is_record(
            "*1 open() \"/srv/x\" failed, client: 192.0.2.9, request: \"GET /x HTTP/1.1\", host: \"a\""
        ));
        assert!(!is_record("Segmentation fault"));
    }
}
