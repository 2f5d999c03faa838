//! The processes that hold a port, each with what tells it apart; workers are told with the process they came from.

use std::fmt::Write as _;
use std::io::{self, Write};

use jiff::Timestamp;
use portreeve_model::document::Who;
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

/// Prints every listener's holders.
pub(super) fn print(out: &mut dyn Write, document: &Who, view: &View) -> io::Result<()> {
    for listener in &document.answer.listeners {
        let described = described(listener, document);
        if described.is_empty() {
            nobody(out, listener, view)?;
        }
        for process in described.iter().take(MOST) {
            one(out, process, listener, document, view)?;
        }
        if let Some(more) = described.len().checked_sub(MOST).filter(|more| *more > 0) {
            writeln!(out, "\nand {more} more processes: --json lists all of them")?;
        }
    }
    Ok(())
}

/// A listener without a process that could be described: what is known of it all the same.
fn nobody(out: &mut dyn Write, listener: &Listener, view: &View) -> io::Result<()> {
    writeln!(out, "\n{}", view.palette.paint(Ink::Name, address(listener)))?;
    labelled(out, "held by", &labels::holders(&listener.owner), view)?;
    if listener.owner.users.is_empty() {
        return Ok(());
    }
    labelled(out, "user", &listener.owner.users.join(", "), view)
}

/// The holders that are described: those whose parent runs the same program and holds the port too are its workers.
fn described<'a>(listener: &Listener, document: &'a Who) -> Vec<&'a Process> {
    document
        .processes
        .iter()
        .filter(|process| holds(listener, process.id.pid) && master(process, listener, document).is_none())
        .collect()
}

fn holds(listener: &Listener, pid: u32) -> bool {
    listener.owner.holders.iter().any(|holder| holder.pid == pid)
}

fn master<'a>(process: &Process, listener: &Listener, document: &'a Who) -> Option<&'a Process> {
    let parent = process.parents.first()?;
    document.processes.iter().find(|candidate| {
        candidate.id.pid == parent.pid
            && candidate.executable == process.executable
            && holds(listener, candidate.id.pid)
    })
}

fn one(
    out: &mut dyn Write,
    process: &Process,
    listener: &Listener,
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
    fact("holds", Some(format!("{} ({})", address(listener), descriptors(process, listener))))?;
    fact("workers", workers(process, listener, document))
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

fn address(listener: &Listener) -> String {
    format!("{}/{} on {}", listener.port, listener.protocol, BoundList(&listener.addresses))
}

/// `fd 6, 7`.
fn descriptors(process: &Process, listener: &Listener) -> String {
    let numbers: Vec<String> = listener
        .owner
        .holders
        .iter()
        .filter(|holder| holder.pid == process.id.pid)
        .map(|Holder { fd, .. }| fd.to_string())
        .collect();
    format!("fd {}", numbers.join(", "))
}

/// `4: 813, 814, 815, 816`.
fn workers(process: &Process, listener: &Listener, document: &Who) -> Option<String> {
    let pids: Vec<String> = document
        .processes
        .iter()
        .filter(|other| holds(listener, other.id.pid))
        .filter(|other| {
            master(other, listener, document).is_some_and(|master| master.id.pid == process.id.pid)
        })
        .map(|worker| worker.id.pid.to_string())
        .collect();
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
