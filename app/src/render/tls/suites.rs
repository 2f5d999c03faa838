//! Protocols with their suites, newest first, in the server's order.

use std::io::{self, Write};

use portreeve_model::tls::{Negotiation, Order, Protocol, Suite, Support};

use super::lines::{line, pieces};
use super::title;
use crate::render::labels::counted;
use crate::render::style::Ink;
use crate::render::table::{Column, Fit, Heading, Table};
use crate::render::text::{clean, shorten};
use crate::render::view::View;

/// Prints the protocols.
pub(super) fn print(out: &mut dyn Write, negotiation: &Negotiation, view: &View) -> io::Result<()> {
    if negotiation.protocols.is_empty() {
        return Ok(());
    }
    title(out, "Protocols", view)?;
    marks(out, &negotiation.protocols, view)?;
    for protocol in negotiation.protocols.iter().rev() {
        if protocol.support == Support::Inconclusive {
            line(out, &protocol.version, &protocol.statement, Ink::Warn, view)?;
        }
        if let Some(why) = &protocol.incomplete {
            line(out, &protocol.version, &format!("not all suites are known: {why}"), Ink::Warn, view)?;
        }
    }
    table(out, negotiation, view)
}

/// One mark for each version, newest first.
fn marks(out: &mut dyn Write, protocols: &[Protocol], view: &View) -> io::Result<()> {
    let all: Vec<(Ink, String)> = protocols
        .iter()
        .rev()
        .map(|protocol| {
            let (ink, mark) = match protocol.support {
                Support::Yes if is_old(protocol) => (Ink::Bad, view.marks.bad()),
                Support::Yes => (Ink::Good, view.marks.good()),
                Support::No | Support::NotApplicable => (Ink::Faint, view.marks.absent()),
                Support::Inconclusive => (Ink::Warn, view.marks.unknown()),
            };
            (ink, format!("{mark} {}", protocol.version))
        })
        .collect();
    pieces(out, "spoken", &all, "   ", view)
}

/// Versions that RFC 8996 and its forerunners forbid.
fn is_old(protocol: &Protocol) -> bool {
    protocol.number < 0x0303
}

fn table(out: &mut dyn Write, negotiation: &Negotiation, view: &View) -> io::Result<()> {
    let mut table = Table::new(vec![
        Column::new("  SUITE").fit(Fit::Shorten(14)).rank(1).gap(0),
        Column::new("BITS").right().gap(1),
        Column::new("EXCHANGE").fit(Fit::Shorten(6)),
        Column::new("FS").gap(1),
        Column::new("").gap(1).fit(Fit::Wrap(8)),
    ]);
    let mut before: Option<&Protocol> = None;
    for protocol in negotiation.protocols.iter().rev().filter(|protocol| !protocol.suites.is_empty()) {
        let count = counted(protocol.suites.len(), "suite");
        let order = protocol.order.filter(|_| protocol.suites.len() > 1).and_then(order);
        let order = order.map_or_else(String::new, |order| format!(", {order}"));
        // Old versions often have the same suites, which are told once.
        let same = before.filter(|before| is_same(before, protocol));
        let suites = match same {
            Some(before) => format!("the {count} of {}", clean(&before.version)),
            None => count,
        };
        let heading = format!("{}: {suites}{order}", clean(&protocol.version));
        table.section(Ink::Heading, shorten(&heading, view.width.unwrap_or(usize::MAX)).into_owned());
        if same.is_none() {
            protocol.suites.iter().for_each(|suite| row(&mut table, suite, view));
        }
        before = Some(protocol);
    }
    if table.rows() == 0 {
        return Ok(());
    }
    writeln!(out)?;
    table.print(out, view.width, view.palette, Heading::Shown)
}

/// Whether two versions have the same suites in the same order, agreed on in the same way.
fn is_same(one: &Protocol, other: &Protocol) -> bool {
    let told = |protocol: &Protocol| -> Vec<(u32, String, Vec<String>)> {
        let told = |suite: &Suite| (suite.number, exchange(suite), suite.weak.clone());
        protocol.suites.iter().map(told).collect()
    };
    one.order == other.order && told(one) == told(other)
}

/// How keys are exchanged; the unit goes without saying.
fn exchange(suite: &Suite) -> String {
    suite.key_exchange.as_deref().unwrap_or_default().trim_end_matches(" bits").to_owned()
}

fn row(table: &mut Table, suite: &Suite, view: &View) {
    let ink = if suite.weak.is_empty() { Ink::Normal } else { Ink::Warn };
    table.inked(ink, format_args!("  {}", suite.name));
    table.cell(suite.bits.map_or_else(|| "?".to_owned(), |bits| bits.to_string()));
    table.inked(Ink::Faint, exchange(suite));
    if suite.forward_secret {
        table.inked(Ink::Good, view.marks.good());
    } else {
        table.inked(Ink::Warn, view.marks.absent());
    }
    table.inked(Ink::Bad, suite.weak.join(", "));
}

/// Whose order decides, in words.
pub(super) fn order(order: Order) -> Option<&'static str> {
    match order {
        Order::Server => Some("the server's order"),
        Order::Client => Some("the client's order"),
        Order::ServerUnlessChacha => Some("the server's order; ChaCha20 where clients put it first"),
        Order::Mixed => Some("now in this order, now in that"),
        Order::Unknown => None,
    }
}
