//! One endpoint's handshake among all facts, and the words that judges share.

use std::net::SocketAddr;

use jiff::{SignedDuration, Timestamp};
use portreeve_model::why::Application;

use crate::case::Case;
use crate::facts::TlsTry;
use crate::facts::http::{Answer, Outcome};

/// What is judged.
pub(super) struct Scene<'a> {
    pub(super) case: &'a Case,
    pub(super) tried: &'a TlsTry,
    pub(super) now: Timestamp,
}

impl<'a> Scene<'a> {
    pub(super) fn new(case: &'a Case, tried: &'a TlsTry) -> Self {
        Self { case, tried, now: case.tls.at.unwrap_or(case.host.taken_at) }
    }

    pub(super) fn endpoint(&self) -> SocketAddr {
        self.tried.endpoint
    }

    /// The name that the certificate has to be for.
    pub(super) fn name(&self) -> Option<&'a str> {
        self.case.question.target.name.as_deref()
    }

    /// `nginx (pid 812)`, or `The server`, at the beginning of a sentence.
    pub(super) fn server(&self) -> String {
        match self.case.service.roots().first() {
            Some(holder) if self.case.is_inside() => holder.label(),
            _ => "The server".to_owned(),
        }
    }

    pub(super) fn is_http(&self) -> bool {
        self.case.question.target.application == Application::Https
    }

    /// What the endpoint answered over HTTP.
    pub(super) fn answers(&self) -> impl Iterator<Item = &'a Answer> {
        let endpoint = self.endpoint();
        let visits = self.case.http.visits.iter().filter(move |visit| visit.endpoint == endpoint);
        let exchanges =
            visits.flat_map(|visit| &visit.exchanges).filter(move |exchange| exchange.to == endpoint);
        exchanges.filter_map(|exchange| match &exchange.outcome {
            Outcome::Answer(answer) => Some(answer),
            _ => None,
        })
    }

    /// What the clock of the server shows, where another host has it and it is a day or more off from here.
    pub(super) fn served_at(&self) -> Option<Timestamp> {
        const DAY: i64 = 86_400;
        if self.case.is_inside() {
            return None;
        }
        let date = self.answers().find_map(|answer| answer.header("date"))?;
        let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
        (theirs.as_second().abs_diff(self.now.as_second()) >= DAY.unsigned_abs()).then_some(theirs)
    }

    /// A command that makes the same handshake.
    pub(super) fn client(&self, more: &str) -> String {
        let name = match self.name() {
            Some(name) => format!("-servername {name}"),
            None => "-noservername".to_owned(),
        };
        let space = if more.is_empty() { "" } else { " " };
        format!("openssl s_client -connect {} {name}{space}{more} </dev/null", self.endpoint())
    }

    /// A command that shows the certificate.
    pub(super) fn certificate(&self) -> String {
        format!(
            "{} 2>/dev/null | openssl x509 -noout -subject -issuer -dates -ext subjectAltName",
            self.client("")
        )
    }
}

/// `2026-11-22 06:02 UTC`.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// `3 days`, `5 hours`, `12 minutes`.
pub(super) fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().unsigned_abs();
    let (count, unit) = match seconds {
        0..3600 => (seconds / 60, "minute"),
        3600..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// The first bytes of an answer: as text where it is text, else in hexadecimal.
pub(super) fn bytes(all: &[u8]) -> String {
    let few = all.get(..all.len().min(48)).unwrap_or_default();
    let line = few.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let is_text = !line.is_empty() && line.iter().all(|byte| (0x20..0x7f).contains(byte));
    if is_text {
        format!("\"{}\"", String::from_utf8_lossy(line))
    } else {
        few.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
    }
}
