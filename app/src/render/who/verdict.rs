//! The first sentence: all that many readers need.

use std::io::{self, Write};

use portreeve_model::document::Who;
use portreeve_model::who::Verdict;
use portreeve_model::{Listener, Protocol};

use crate::render::labels::{self, Names};
use crate::render::style::Ink;
use crate::render::text::{capitalised, clean, wrap};
use crate::render::view::View;

/// Prints the sentence, one for each listener where several hold the port.
pub(super) fn print(out: &mut dyn Write, document: &Who, view: &View) -> io::Result<()> {
    let answer = &document.answer;
    let port = asked(answer.port, &answer.protocols);
    let start = capitalised(&port);
    let (ink, sentences) = match answer.verdict {
        Verdict::Held if !answer.listeners.is_empty() => {
            (Ink::Heading, answer.listeners.iter().map(|listener| held(listener, document)).collect())
        }
        Verdict::Held => (Ink::Heading, vec![format!("{start} is held.")]),
        Verdict::Taken => {
            (Ink::Warn, vec![format!("{start} is taken, and not by a process that can be named here.")])
        }
        Verdict::Free => (Ink::Good, vec![format!("{start} is free.")]),
        Verdict::Inconclusive => {
            (Ink::Warn, vec![format!("Too little was visible to say who holds {port}.")])
        }
    };
    for sentence in sentences {
        let sentence = clean(&sentence);
        for line in wrap(&sentence, view.prose_width()) {
            writeln!(out, "{}", view.palette.paint(ink, line))?;
        }
    }
    Ok(())
}

/// `443/tcp`; `Port 53 (tcp, udp)` where several protocols were asked about.
fn asked(port: u16, protocols: &[Protocol]) -> String {
    if let [protocol] = protocols {
        return format!("{port}/{protocol}");
    }
    let names: Vec<&str> = protocols.iter().map(|protocol| protocol.name()).collect();
    format!("port {port} ({})", names.join(", "))
}

fn held(listener: &Listener, document: &Who) -> String {
    let names = Names { namespaces: &document.namespaces, containers: &document.containers };
    let holders = labels::holders(&listener.owner);
    let belongs = labels::belongs(listener, names);
    let of = match belongs.strip_prefix("→ ") {
        Some(target) => format!(", which forwards to {target}"),
        None if belongs.is_empty() => belongs,
        None => format!(", {belongs}"),
    };
    let by = if listener.owner.holders.is_empty() { "open:" } else { "held by" };
    format!("{}/{} is {by} {holders}{of}.", listener.port, listener.protocol)
}
