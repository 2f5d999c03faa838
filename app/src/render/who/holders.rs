//! The processes that hold a port, each with what tells it apart; workers are told with the process they came from.

use std::fmt::Write as _;
use std::io::{self, Write};

use jiff::Timestamp;
use portreeve_model::document::Who;
use portreeve_model::who::{SocketCount, Verdict};
use portreeve_model::{Executable, Holder, Listener, Process};

use crate::render::address::BoundList;
use crate::render::labels;
use crate::render::style::Ink;
use crate::render::text::{clean, wrap};
use crate::render::view::View;

/// Columns of the labels.
const LEFT: usize = 14;
/// More processes than this are counted, not described.
const MOST: usize = 8;

/// Prints every process that has the port, once each, then the listeners of which no process could be described.
/// Those of other namespaces only where the port is free in the one asked about.
pub(super) fn print(out: &mut dyn Write, document: &Who, view: &View) -> io::Result<()> {
    let listeners: Vec<&Listener> =
        document.answer.listeners.iter().filter(|listener| is_of_interest(listener, document)).collect();
    let places = places(document, &listeners);
    let described: Vec<&Process> =
        document.processes.iter().filter(|process| is_described(process, &places, document)).collect();
    for process in described.iter().take(MOST) {
        one(out, process, &places, document, view)?;
    }
    if let Some(more) = described.len().checked_sub(MOST).filter(|more| *more > 0) {
        writeln!(out, "\nand {more} more processes: --json lists all of them")?;
    }
    for listener in listeners {
        let holders = &listener.owner.holders;
        let known =
            document.processes.iter().any(|process| holders.iter().any(|one| one.pid == process.id.pid));
        if !known {
            nobody(out, listener, document, view)?;
        }
    }
    Ok(())
}

/// Something that processes hold on the port.
struct Place<'a> {
    text: String,
    holders: &'a [Holder],
}

impl Place<'_> {
    fn is_held_by(&self, pid: u32) -> bool {
        self.holders.iter().any(|holder| holder.pid == pid)
    }
}

fn is_of_interest(listener: &Listener, document: &Who) -> bool {
    document.answer.verdict == Verdict::Free || listener.namespace == document.answer.namespace
}

/// Listeners; the other sockets on the port only where nothing listens, for else they are connections of those.
fn places<'a>(document: &'a Who, listeners: &[&'a Listener]) -> Vec<Place<'a>> {
    if listeners.is_empty() {
        return document.answer.others.iter().map(other_place).collect();
    }
    let place = |listener: &&'a Listener| Place {
        text: address(listener, document),
        holders: &listener.owner.holders,
    };
    listeners.iter().map(place).collect()
}

fn other_place(SocketCount { count, example }: &SocketCount) -> Place<'_> {
    let more = count.checked_sub(1).filter(|more| *more > 0);
    let more = more.map_or_else(String::new, |more| format!(" and {more} more"));
    let text = format!("{} {} {}{more}", example.protocol, example.local, example.state);
    Place { text, holders: &example.holders }
}

/// A listener without a process that could be described: what is known of it all the same.
fn nobody(out: &mut dyn Write, listener: &Listener, document: &Who, view: &View) -> io::Result<()> {
    writeln!(out, "\n{}", view.palette.paint(Ink::Name, address(listener, document)))?;
    labelled(out, "held by", &labels::holders(&listener.owner), view)?;
    if listener.owner.users.is_empty() {
        return Ok(());
    }
    labelled(out, "user", &listener.owner.users.join(", "), view)
}

/// Those whose parent runs the same program and holds the same place are its workers, and are told with it.
fn is_described(process: &Process, places: &[Place<'_>], document: &Who) -> bool {
    places.iter().any(|place| place.is_held_by(process.id.pid) && master(process, place, document).is_none())
}

fn master<'a>(process: &Process, place: &Place<'_>, document: &'a Who) -> Option<&'a Process> {
    let parent = process.parents.first()?;
    document.processes.iter().find(|candidate| {
        candidate.id.pid == parent.pid
            && candidate.executable == process.executable
            && place.is_held_by(candidate.id.pid)
    })
}

fn one(
    out: &mut dyn Write,
    process: &Process,
    places: &[Place<'_>],
    document: &Who,
    view: &View,
) -> io::Result<()> {
    let name = format!("{}({})", clean(&process.name), process.id.pid);
    writeln!(out, "\n{}", view.palette.paint(Ink::Name, name))?;
    let mut fact = |label: &str, text: Option<String>| match text {
        Some(text) => labelled(out, label, &text, view),
        None => Ok(()),
    };
    fact("executable", process.executable.as_ref().map(executable))?;
    let command = process.command_line.join(" ");
    fact("command", (!command.trim().is_empty()).then_some(command))?;
    fact("user", labels::user(process))?;
    let unit_is_container = process.container.is_some();
    fact("container", process.container.as_ref().map(|id| container(id, document)))?;
    fact("unit", process.unit.as_ref().filter(|_| !unit_is_container).map(|unit| unit.name.to_string()))?;
    fact("parents", chain(process))?;
    fact("started", process.started_at.map(|at| started(at, document.host.taken_at, view)))?;
    let held = places.iter().filter(|place| place.is_held_by(process.id.pid));
    for (number, place) in held.enumerate() {
        let label = if number == 0 { "holds" } else { "" };
        fact(label, Some(format!("{} ({})", place.text, descriptors(process, place))))?;
    }
    fact("workers", workers(process, places, document))
}

fn executable(executable: &Executable) -> String {
    let mut text = executable.path.clone();
    if executable.memfd {
        text.push_str(" (in memory, never a file)");
    } else if executable.deleted {
        text.push_str(" (deleted since)");
    }
    if let Some(directory) = &executable.world_writable_directory {
        let _ = write!(text, " (everyone may write to {directory})");
    }
    text
}

fn container(id: &std::sync::Arc<str>, document: &Who) -> String {
    let label = labels::container(&document.containers, id);
    let image = document
        .containers
        .iter()
        .find(|container| container.id == *id)
        .and_then(|container| container.image.as_ref());
    image.map_or_else(|| label.clone(), |image| format!("{label}, image {image}"))
}

/// `systemd(1) → sshd(812) → bash(900)`: from the first process to the parent.
fn chain(process: &Process) -> Option<String> {
    let names: Vec<String> =
        process.parents.iter().rev().map(|parent| format!("{}({})", parent.name, parent.pid)).collect();
    (!names.is_empty()).then(|| names.join(" → "))
}

fn started(at: Timestamp, now: Timestamp, view: &View) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{}, {count} {unit}{plural} ago", view.time(at))
}

/// `443/tcp on 0.0.0.0 + [::]`, with the namespace where it is not the one asked about.
fn address(listener: &Listener, document: &Who) -> String {
    let elsewhere = (listener.namespace != document.answer.namespace)
        .then(|| document.namespaces.iter().find(|namespace| namespace.id == listener.namespace))
        .flatten()
        .map_or_else(String::new, |namespace| format!(" in netns {}", namespace.name));
    format!("{}/{} on {}{elsewhere}", listener.port, listener.protocol, BoundList(&listener.addresses))
}

/// `fd 6, 7`.
fn descriptors(process: &Process, place: &Place<'_>) -> String {
    let numbers: Vec<String> = place
        .holders
        .iter()
        .filter(|holder| holder.pid == process.id.pid)
        .map(|Holder { fd, .. }| fd.to_string())
        .collect();
    format!("fd {}", numbers.join(", "))
}

/// `4: 813, 814, 815, 816`.
fn workers(process: &Process, places: &[Place<'_>], document: &Who) -> Option<String> {
    let is_worker = |other: &&Process| {
        places.iter().any(|place| {
            place.is_held_by(other.id.pid)
                && master(other, place, document).is_some_and(|master| master.id.pid == process.id.pid)
        })
    };
    let pids: Vec<String> =
        document.processes.iter().filter(is_worker).map(|worker| worker.id.pid.to_string()).collect();
    (!pids.is_empty()).then(|| format!("{}: {}", pids.len(), pids.join(", ")))
}

fn labelled(out: &mut dyn Write, label: &str, text: &str, view: &View) -> io::Result<()> {
    let text = clean(text);
    let room = view.prose_width().saturating_sub(LEFT).max(20);
    for (number, line) in wrap(&text, room).iter().enumerate() {
        let label = if number == 0 { label } else { "" };
        let pad = " ".repeat(LEFT.saturating_sub(label.len() + 2));
        writeln!(out, "  {}{pad}{line}", view.palette.paint(Ink::Faint, label))?;
    }
    Ok(())
}
