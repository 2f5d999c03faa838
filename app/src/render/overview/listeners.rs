//! The open ports: one table, a section for each zone that reaches them, or for each bind address where nobody judged.

use std::io::{self, Write};

use portreeve_model::document::Overview;
use portreeve_model::exposure::{DoorKind, Exposure};
use portreeve_model::{Finding, Listener, Reach, Severity, Subject};

use super::exposed::{self, Exposed, Section};
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
    let exposed = Exposed::new(document);
    let alone = exposed.without_listener();
    if document.listeners.is_empty() && alone.is_empty() {
        return writeln!(out, "\nNothing listens.");
    }
    let wide = view.width.is_none_or(|width| width >= WIDE);
    let mut table = Table::new(layout(wide));
    let shown = document.listeners.iter().filter(|listener| !listener.ephemeral);
    let (inside, own): (Vec<&Listener>, Vec<&Listener>) =
        shown.partition(|listener| listener.reach == Reach::ContainerInternal);
    let own: Vec<(Section, &Listener)> =
        own.into_iter().map(|listener| (exposed.section(listener), listener)).collect();
    let alone: Vec<(Section, &Exposure)> =
        alone.into_iter().map(|exposure| (exposed.section_of_door(exposure), exposure)).collect();
    let mut sections: Vec<Section> =
        own.iter().map(|(section, _)| *section).chain(alone.iter().map(|(section, _)| *section)).collect();
    sections.sort_unstable();
    sections.dedup();
    let rows = Rows { document, exposed: &exposed, wide };
    for section in sections {
        let count = own.iter().filter(|(of, _)| *of == section).count()
            + alone.iter().filter(|(of, _)| *of == section).count();
        table.section(Ink::Heading, format!("{} ({count})", capitalised(&exposed.heading(section))));
        for (_, listener) in own.iter().filter(|(of, _)| *of == section) {
            rows.row(&mut table, listener, &labels::belongs(listener, rows.names()));
        }
        for (_, exposure) in alone.iter().filter(|(of, _)| *of == section) {
            rows.door(&mut table, exposure);
        }
    }
    rows.by_namespace(&mut table, &inside);
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

/// What rows are made of.
struct Rows<'a> {
    document: &'a Overview,
    exposed: &'a Exposed<'a>,
    wide: bool,
}

impl<'a> Rows<'a> {
    fn names(&self) -> Names<'a> {
        Names { namespaces: &self.document.namespaces, containers: &self.document.containers }
    }

    /// One section for each other namespace, so that its name is told once.
    fn by_namespace(&self, table: &mut Table, listeners: &[&'a Listener]) {
        let document = self.document;
        for namespace in &document.namespaces {
            let within: Vec<&&Listener> =
                listeners.iter().filter(|listener| listener.namespace == namespace.id).collect();
            if within.is_empty() {
                continue;
            }
            let place = labels::place(namespace, &document.containers);
            table.section(Ink::Heading, format!("{} ({})", clean(&place), within.len()));
            for listener in within {
                self.row(table, listener, &labels::belongs_within(listener, self.names(), namespace));
            }
        }
        // A namespace that the document does not describe is told row by row.
        let known = |listener: &Listener| document.namespaces.iter().any(|it| it.id == listener.namespace);
        let orphans: Vec<&&Listener> = listeners.iter().filter(|listener| !known(listener)).collect();
        if !orphans.is_empty() {
            let heading = capitalised(Reach::ContainerInternal.heading());
            table.section(Ink::Heading, format!("{heading} ({})", orphans.len()));
            for listener in orphans {
                self.row(table, listener, &labels::belongs(listener, self.names()));
            }
        }
    }

    fn row(&self, table: &mut Table, listener: &'a Listener, belongs: &str) {
        let about = self.document.findings.iter().filter(|finding| concerns(finding, listener));
        match about.map(|finding| finding.severity).max() {
            Some(severity) if severity > Severity::Info => table.inked(Ink::of(severity), "!"),
            _ => table.cell(""),
        }
        table.inked(Ink::Name, format_args!("{}/{}", listener.port, listener.protocol.name()));
        table.cell(BoundList(&listener.addresses));
        table.inked(Ink::Faint, listener.usual_service.as_deref().unwrap_or_default());
        let seen = !listener.owner.holders.is_empty();
        table.inked(if seen { Ink::Normal } else { Ink::Warn }, labels::holders(&listener.owner));
        if self.wide {
            table.cell(listener.owner.users.join(", "));
        }
        // Where room is short: systemctl takes the name of a service without its suffix, too.
        table.cell(if self.wide { belongs } else { belongs.strip_suffix(".service").unwrap_or(belongs) });
        for (ink, line) in self.exposed.lines(listener) {
            table.note(ink, line);
        }
    }

    /// A port that rules translate, and on which nothing listens here.
    fn door(&self, table: &mut Table, exposure: &Exposure) {
        let door = &exposure.door;
        table.cell("");
        let end =
            door.port_end.filter(|end| *end != door.port).map_or_else(String::new, |end| format!("-{end}"));
        table.inked(Ink::Name, format_args!("{}{end}/{}", door.port, door.protocol.name()));
        let addresses: Vec<String> = door.addresses.iter().map(ToString::to_string).collect();
        table.cell(addresses.join(", "));
        table.cell("");
        table.cell("rules");
        if self.wide {
            table.cell("");
        }
        table.cell(match &door.kind {
            DoorKind::Translated { to } => format!("→ {to}"),
            DoorKind::Listener | DoorKind::Behind => String::new(),
        });
        for (ink, line) in exposed::lines(exposure) {
            table.note(ink, line);
        }
    }
}

/// Whether a finding is about this listener: the subject names one of its addresses with the port.
fn concerns(finding: &Finding, listener: &Listener) -> bool {
    finding.subjects.iter().any(|subject| match subject {
        Subject::Listener { protocol, address, namespace } => {
            // Behind the port there may be the device that it is bound to.
            let port = address.split('%').next().and_then(|address| address.rsplit(':').next()?.parse().ok());
            *protocol == listener.protocol && *namespace == listener.namespace && port == Some(listener.port)
        }
        Subject::Process { pid, .. } => listener.owner.holders.iter().any(|holder| holder.pid == *pid),
        Subject::Rule { .. } | Subject::Unit { .. } => false,
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
