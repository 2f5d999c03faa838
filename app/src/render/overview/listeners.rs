//! The open ports: one table, a section for each reach.

use std::io::{self, Write};

use portreeve_model::document::Overview;
use portreeve_model::{Finding, Listener, Reach, Severity, Subject};

use super::head::REACHES;
use crate::render::address::BoundList;
use crate::render::labels::{self, Names};
use crate::render::style::Ink;
use crate::render::table::{Column, Fit, Heading, Table};
use crate::render::text::{capitalised, clean};
use crate::render::unseen::hanging;
use crate::render::view::View;

/// From this width on there is room for the users.
const WIDE: usize = 110;

/// Prints every listener, or says that there is none.
pub(super) fn print(out: &mut dyn Write, document: &Overview, view: &View) -> io::Result<()> {
    if document.listeners.is_empty() {
        return writeln!(out, "\nNothing listens.");
    }
    let wide = view.width.is_none_or(|width| width >= WIDE);
    let mut table = Table::new(layout(wide));
    for reach in REACHES {
        section(&mut table, document, reach, wide);
    }
    writeln!(out)?;
    if table.rows() > 0 {
        table.print(out, view.width, view.palette, Heading::Shown)?;
    }
    ephemeral(out, document, view)
}

fn layout(wide: bool) -> Vec<Column> {
    let mut columns = vec![
        // The mark of a finding; its title keeps the column where nothing is marked.
        Column::new(" ").gap(0),
        Column::new("PORT").gap(1),
        Column::new("ADDRESS").fit(Fit::Wrap(16)).rank(1),
        Column::new("USUALLY").fit(Fit::Shorten(10)),
        Column::new("HELD BY").fit(Fit::Wrap(14)).rank(3),
    ];
    if wide {
        columns.push(Column::new("USER").fit(Fit::Shorten(8)).rank(2));
    }
    columns.push(Column::new("UNIT/CONTAINER").fit(Fit::Wrap(15)).rank(2));
    columns
}

fn section(table: &mut Table, document: &Overview, reach: Reach, wide: bool) {
    let listeners: Vec<&Listener> =
        document.listeners.iter().filter(|listener| listener.reach == reach && !listener.ephemeral).collect();
    if listeners.is_empty() {
        return;
    }
    let names = Names { namespaces: &document.namespaces, containers: &document.containers };
    if reach == Reach::ContainerInternal {
        return sections_by_namespace(table, document, &listeners, wide);
    }
    table.section(Ink::Heading, format!("{} ({})", capitalised(reach.heading()), listeners.len()));
    for listener in listeners {
        row(table, listener, &document.findings, &labels::belongs(listener, names), wide);
    }
}

/// One section for each other namespace, so that its name is told once.
fn sections_by_namespace(table: &mut Table, document: &Overview, listeners: &[&Listener], wide: bool) {
    let names = Names { namespaces: &document.namespaces, containers: &document.containers };
    for namespace in &document.namespaces {
        let within: Vec<&&Listener> =
            listeners.iter().filter(|listener| listener.namespace == namespace.id).collect();
        if within.is_empty() {
            continue;
        }
        let place = labels::place(namespace, &document.containers);
        table.section(Ink::Heading, format!("{} ({})", clean(&place), within.len()));
        for listener in within {
            let belongs = labels::belongs_within(listener, names, namespace);
            row(table, listener, &document.findings, &belongs, wide);
        }
    }
    // A namespace that the document does not describe is told row by row.
    let known = |listener: &Listener| document.namespaces.iter().any(|other| other.id == listener.namespace);
    let orphans: Vec<&&Listener> = listeners.iter().filter(|listener| !known(listener)).collect();
    if !orphans.is_empty() {
        let heading = capitalised(Reach::ContainerInternal.heading());
        table.section(Ink::Heading, format!("{heading} ({})", orphans.len()));
        for listener in orphans {
            row(table, listener, &document.findings, &labels::belongs(listener, names), wide);
        }
    }
}

fn row(table: &mut Table, listener: &Listener, findings: &[Finding], belongs: &str, wide: bool) {
    let worst = findings.iter().filter(|finding| concerns(finding, listener)).map(|f| f.severity).max();
    match worst {
        Some(severity) if severity > Severity::Info => table.inked(Ink::of(severity), "!"),
        _ => table.cell(""),
    }
    table.inked(Ink::Name, format_args!("{}/{}", listener.port, listener.protocol.name()));
    table.cell(BoundList(&listener.addresses));
    table.inked(Ink::Faint, listener.usual_service.as_deref().unwrap_or_default());
    let seen = !listener.owner.holders.is_empty();
    table.inked(if seen { Ink::Normal } else { Ink::Warn }, labels::holders(&listener.owner));
    if wide {
        table.cell(listener.owner.users.join(", "));
    }
    // Where room is short: systemctl takes the name of a service without its suffix, too.
    table.cell(if wide { belongs } else { belongs.strip_suffix(".service").unwrap_or(belongs) });
}

/// Whether a finding is about this listener: the subject names one of its addresses with the port.
fn concerns(finding: &Finding, listener: &Listener) -> bool {
    finding.subjects.iter().any(|subject| match subject {
        Subject::Listener { protocol, address, namespace } => {
            let port = address.rsplit(':').next().and_then(|port| port.parse().ok());
            *protocol == listener.protocol && *namespace == listener.namespace && port == Some(listener.port)
        }
        Subject::Process { pid, .. } => listener.owner.holders.iter().any(|holder| holder.pid == *pid),
    })
}

/// UDP ports that the kernel chose are the near end of a client more often than a service: told in a sentence, not
/// in rows.
fn ephemeral(out: &mut dyn Write, document: &Overview, view: &View) -> io::Result<()> {
    let ports: Vec<&Listener> = document.listeners.iter().filter(|listener| listener.ephemeral).collect();
    if ports.is_empty() {
        return Ok(());
    }
    let title = format_args!("Ephemeral UDP ports, mostly the near end of a client ({})", ports.len());
    writeln!(out, "\n{}", view.palette.paint(Ink::Heading, title))?;
    let words: Vec<String> = ports
        .iter()
        .map(|listener| {
            // One word each, so that a line does not break within.
            let owner = labels::holders(&listener.owner).replace(' ', "\u{a0}");
            format!("{}\u{a0}{owner}", listener.port)
        })
        .collect();
    hanging(out, ["  ", "  "], &words.join("; "), view.prose_width(), |line| {
        view.palette.paint(Ink::Faint, clean(line).replace('\u{a0}', " ")).to_string()
    })
}
