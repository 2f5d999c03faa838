//! Servers whose answers have no end: records without number, or a byte now and then. What one connection may bring and take is bounded;
//! after a few that all came to a bound nothing more is asked.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use portreeve_wire::tls::{Event, HandshakeType};

use crate::exchange::{End, Transcript};

/// Connections in a row that came to a bound, and no other has brought anything: the next would, too.
const ENOUGH: u32 = 3;

/// What is remembered of answers without an end.
#[derive(Debug, Default)]
pub(super) struct Endless {
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    /// Answers that were cut.
    cut: u32,
    /// One came to its end, or to a hello at least.
    is_sane: bool,
    given_up: Option<String>,
}

impl Endless {
    /// Remembers how the answer on a connection ended.
    pub(super) fn heard(&self, heard: &Transcript) {
        if heard.received_length() == 0 {
            return;
        }
        let mut memory = self.lock();
        let is_hello =
            |event: &Event| matches!(event, Event::Message { kind: HandshakeType::ServerHello, .. });
        let bound = bound(heard);
        memory.is_sane |= bound.is_none() || heard.events().iter().any(is_hello);
        let Some(bound) = bound else { return };
        memory.cut += 1;
        if memory.cut >= ENOUGH && !memory.is_sane {
            let cut = memory.cut;
            memory.given_up.get_or_insert_with(|| {
                format!(
                    "the server's answers have no end: {cut} were cut, the last after {bound} ({})",
                    sent(heard)
                )
            });
        }
    }

    /// Whether an answer was cut: the next is not waited for as long.
    pub(super) fn is_suspected(&self) -> bool {
        self.lock().cut > 0
    }

    /// Why nothing more is asked.
    pub(super) fn given_up(&self) -> Option<String> {
        self.lock().given_up.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bound that an answer was cut at.
fn bound(heard: &Transcript) -> Option<String> {
    match heard.end() {
        Some(End::TooMuch) => Some(format!("{} bytes", heard.received_length())),
        Some(End::TooLong(most)) => {
            Some(format!("{:.1} s and {} bytes", most.as_secs_f64(), heard.received_length()))
        }
        _ => None,
    }
}

/// What an answer is made of, most first.
fn sent(heard: &Transcript) -> String {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for event in heard.events() {
        let what = match event {
            Event::Alert(alert) => format!("alert {}", alert.description),
            Event::Message { kind, .. } => kind.to_string(),
            Event::ChangeCipherSpec => "ChangeCipherSpec".to_owned(),
            Event::Opaque(content, _) => format!("record of {content}"),
        };
        *counts.entry(what).or_default() += 1;
    }
    let mut counts: Vec<(u32, String)> = counts.into_iter().map(|(what, count)| (count, what)).collect();
    counts.sort_by(|one, other| other.cmp(one));
    match counts.as_slice() {
        [] => "no message of it whole".to_owned(),
        [(count, what)] => format!("{count} times {what}"),
        [(count, what), ..] => format!("{count} times {what}, and more"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn heard(bytes: &[u8], end: End) -> Transcript {
        let mut heard = Transcript::default();
        heard.hear(bytes, Duration::ZERO);
        heard.finish(end);
        heard
    }

    #[test]
    fn answers_that_all_are_cut_are_given_up_and_others_are_not() {
        let warning = [21, 3, 3, 0, 2, 1, 112];
        let late = || heard(&warning, End::TooLong(Duration::from_secs(20)));
        let endless = Endless::default();
        endless.heard(&late());
        assert!(endless.is_suspected());
        endless.heard(&Transcript::without_connection(End::NotTried("x".to_owned())));
        endless.heard(&heard(&warning.repeat(50_000), End::Done));
        assert_eq!(endless.given_up(), None);
        endless.heard(&late());
        assert_eq!(
            endless.given_up().as_deref(),
            Some(
                "the server's answers have no end: 3 were cut, the last after 20.0 s and 7 bytes (1 times alert unrecognized_name)"
            )
        );
        let mixed = Endless::default();
        mixed.heard(&heard(&warning, End::Closed));
        (0..9).for_each(|_| mixed.heard(&late()));
        assert_eq!(mixed.given_up(), None);
        assert_eq!(sent(&heard(&[22, 3], End::Done)), "no message of it whole");
    }
}
