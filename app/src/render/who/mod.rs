//! The answer to "who holds this port?": the verdict, the holders, the reasons with evidence, what to do.

mod holders;
mod verdict;

use std::io::{self, Write};

use portreeve_model::document::Who;
use portreeve_model::who::{Reason, SocketCount};

use super::address::{AddressCell, End, PortCell};
use super::style::Ink;
use super::unseen;
use super::view::View;

/// Prints the answer.
pub fn print(out: &mut dyn Write, document: &Who, view: &View) -> io::Result<()> {
    verdict::print(out, document, view)?;
    holders::print(out, document, view)?;
    others(out, &document.answer.others, view)?;
    reasons(out, &document.answer.reasons, view)?;
    advice(out, &document.answer.advice, view)?;
    if document.unseen.iter().any(portreeve_model::Unseen::is_incomplete) {
        title(out, "Not seen", view)?;
        unseen::list(out, "", &document.unseen, view.prose_width(), view.palette)?;
    }
    Ok(())
}

fn title(out: &mut dyn Write, text: &str, view: &View) -> io::Result<()> {
    writeln!(out, "\n{}", view.palette.paint(Ink::Heading, text))
}

fn others(out: &mut dyn Write, others: &[SocketCount], view: &View) -> io::Result<()> {
    if others.is_empty() {
        return Ok(());
    }
    title(out, "Other sockets on the port", view)?;
    for SocketCount { count, example } in others {
        let end = |end| {
            let port = PortCell { socket: example, end, names: None };
            format!("{}{port}", AddressCell::new(example, end))
        };
        let peer = example.peer.as_ref().map_or_else(String::new, |_| format!(" → {}", end(End::Peer)));
        let such_as = if *count == 1 { ":" } else { ", such as" };
        let text =
            format!("{count} {} {}{such_as} {}{peer}", example.protocol, example.state, end(End::Local));
        unseen::hanging(out, ["  ", "    "], &text, view.prose_width(), ToOwned::to_owned)?;
    }
    Ok(())
}

fn reasons(out: &mut dyn Write, reasons: &[Reason], view: &View) -> io::Result<()> {
    if reasons.is_empty() {
        return Ok(());
    }
    title(out, "Why", view)?;
    for Reason { statement, evidence, .. } in reasons {
        unseen::hanging(out, ["  ", "  "], statement, view.prose_width(), ToOwned::to_owned)?;
        for fact in evidence {
            unseen::hanging(out, ["    ", "      "], fact, view.prose_width(), |line| {
                view.palette.paint(Ink::Faint, line).to_string()
            })?;
        }
    }
    Ok(())
}

fn advice(out: &mut dyn Write, advice: &[String], view: &View) -> io::Result<()> {
    if advice.is_empty() {
        return Ok(());
    }
    title(out, "What to do", view)?;
    for (place, step) in advice.iter().enumerate() {
        let number = format!("  {}. ", place + 1);
        unseen::hanging(out, [&number, "     "], step, view.prose_width(), ToOwned::to_owned)?;
    }
    Ok(())
}
