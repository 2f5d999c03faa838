//! The lines that are read first: what was asked, from where it was looked at, when, and who is supposed to connect.

use std::io::{self, Write};

use portreeve_model::document::Why;
use portreeve_model::why::{Client, Endpoint, Sight, Target};

use crate::render::style::Ink;
use crate::render::text::{Clean, clean, columns, shorten, wrap};
use crate::render::view::View;

/// More addresses are counted.
const MOST: usize = 6;

/// Prints the head.
pub(super) fn print(out: &mut dyn Write, document: &Why, view: &View) -> io::Result<()> {
    let host = &document.host;
    let palette = view.palette;
    let width = view.width.unwrap_or(usize::MAX);
    let sight = match document.sight {
        Sight::Inside => "seen from inside",
        Sight::Outside => "seen from outside",
    };
    let rest = [
        format!("{sight}, on {}", Clean(&host.name)),
        view.time(host.taken_at),
        if host.privileged { "as root" } else { "not as root: incomplete" }.to_owned(),
        seconds(document.took_ms),
    ];
    let target = target(&document.target);
    let target = shorten(&target, width);
    write!(out, "{}", palette.paint(Ink::Heading, &target))?;
    let mut at = columns(&target);
    for part in &rest {
        let part = shorten(part, width.saturating_sub(2));
        let taken = columns(&part);
        if at.saturating_add(2 + taken) > width {
            write!(out, "\n  ")?;
            at = 2 + taken;
        } else {
            write!(out, "  ")?;
            at += 2 + taken;
        }
        write!(out, "{}", palette.paint(Ink::Faint, &part))?;
    }
    writeln!(out)?;
    fact(out, "at", &listed(document.endpoints.iter().map(endpoint)), view)?;
    fact(out, "from", &listed(clients(&document.clients).into_iter()), view)
}

/// As it was written; of a port alone, the port and its protocol.
fn target(target: &Target) -> String {
    let text = clean(&target.text);
    if target.name.is_some() || target.address.is_some() {
        return text.into_owned();
    }
    let port = format!("{}/{}", target.port, target.protocol);
    let plain = text.bytes().all(|byte| !byte.is_ascii_alphabetic()) || text == port;
    if plain { port } else { format!("{port} ({text})") }
}

fn endpoint(endpoint: &Endpoint) -> String {
    let by = match (endpoint.interface.as_deref(), endpoint.origin.as_str()) {
        (Some(interface), "hosts-file") => format!(" ({}, by the hosts file)", Clean(interface)),
        (Some(interface), _) => format!(" ({})", Clean(interface)),
        (None, "hosts-file") => " (by the hosts file)".to_owned(),
        (None, _) => String::new(),
    };
    format!("{}{by}", endpoint.address)
}

/// Each sort of client once, with its address of either IP version.
fn clients(clients: &[Client]) -> Vec<String> {
    let mut sorts: Vec<(&Client, Vec<String>)> = Vec::new();
    for client in clients {
        let same = |known: &&mut (&Client, Vec<String>)| {
            known.0.who == client.who && known.0.interface == client.interface
        };
        match sorts.iter_mut().find(same) {
            Some((_, addresses)) => addresses.push(client.address.to_string()),
            None => sorts.push((client, vec![client.address.to_string()])),
        }
    }
    let told = |(client, addresses): (&Client, Vec<String>)| {
        // `a neighbour on eth0` has said it.
        let interface = client.interface.as_deref().filter(|interface| !client.who.contains(*interface));
        let by = interface.map_or_else(String::new, |interface| format!(" by {}", Clean(interface)));
        format!("{} ({}{by})", Clean(&client.who), addresses.join(", "))
    };
    sorts.into_iter().map(told).collect()
}

fn listed(items: impl ExactSizeIterator<Item = String>) -> String {
    let more = items.len().saturating_sub(MOST);
    let shown: Vec<String> = items.take(MOST).collect();
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn fact(out: &mut dyn Write, label: &str, text: &str, view: &View) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let room = view.prose_width().saturating_sub(LEFT).max(20);
    for (number, line) in wrap(text, room).iter().enumerate() {
        let label = if number == 0 { label } else { "" };
        let pad = " ".repeat(LEFT - 2 - label.len());
        writeln!(out, "  {}{pad}{line}", view.palette.paint(Ink::Faint, label))?;
    }
    Ok(())
}

/// Columns of the labels.
const LEFT: usize = 8;

/// `0.21 s`: what a person compares with their own patience.
pub(super) fn seconds(milliseconds: u64) -> String {
    format!("{}.{:02} s", milliseconds / 1000, milliseconds % 1000 / 10)
}
