//! The first sentence: all that many readers need.

use std::io::{self, Write};

use portreeve_model::document::Who;
use portreeve_model::who::{Answer, SocketCount, Verdict};
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
    let taken = capitalised(&asked(answer.port, &taken(answer)));
    let here = |listener: &&Listener| listener.namespace == answer.namespace;
    let (ink, mut sentences) = match answer.verdict {
        Verdict::Held if answer.listeners.iter().any(|listener| here(&listener)) => (
            Ink::Heading,
            answer.listeners.iter().filter(here).map(|listener| held(listener, document)).collect(),
        ),
        Verdict::Held => (Ink::Heading, answer.others.iter().filter_map(held_otherwise).collect()),
        Verdict::Taken => (Ink::Warn, vec![format!("{taken} is taken, and no process can be named.")]),
        Verdict::Free if answer.listeners.is_empty() => (Ink::Good, vec![format!("{start} is free.")]),
        Verdict::Free => (
            Ink::Good,
            std::iter::once(format!("{start} is free here."))
                .chain(answer.listeners.iter().map(|listener| held(listener, document)))
                .collect(),
        ),
        Verdict::Inconclusive => {
            (Ink::Warn, vec![format!("Too little was visible to say who holds {port}.")])
        }
    };
    sentences.dedup();
    for sentence in sentences {
        let sentence = clean(&sentence);
        for line in wrap(&sentence, view.prose_width()) {
            writeln!(out, "{}", view.palette.paint(ink, line))?;
        }
    }
    Ok(())
}

/// The protocols whose port is seen to be taken; those asked about where none is.
fn taken(answer: &Answer) -> Vec<Protocol> {
    let here = answer.listeners.iter().filter(|listener| listener.namespace == answer.namespace);
    let mut seen: Vec<Protocol> = here.map(|listener| listener.protocol).collect();
    seen.extend(answer.others.iter().map(|count| count.example.protocol));
    seen.sort_unstable();
    seen.dedup();
    if seen.is_empty() { answer.protocols.clone() } else { seen }
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

/// A process that has the port without waiting for peers on it.
fn held_otherwise(SocketCount { count, example }: &SocketCount) -> Option<String> {
    let holder = example.holders.first()?;
    let port = example.local.port()?;
    let (name, pid, protocol) = (&holder.name, holder.pid, example.protocol);
    Some(match (&example.peer, count) {
        (None, _) => format!("{port}/{protocol} is held by {name}({pid}), which does not listen on it."),
        (Some(_), 1) => format!("{port}/{protocol} is the local port of a connection of {name}({pid})."),
        (Some(_), _) => {
            format!("{port}/{protocol} is the local port of {count} connections of {name}({pid}).")
        }
    })
}
