//! `portreeve sockets --group-by`: counts, largest first.

use std::io::{self, Write};

use portreeve_model::document::Groups;

use super::style::Ink;
use super::table::{Column, Fit, Heading, Table};
use super::text::capitalised;
use super::view::View;

/// Prints the table.
pub fn table(out: &mut dyn Write, document: &Groups, heading: Heading, view: &View) -> io::Result<()> {
    let mut columns = vec![Column::new("Count").right().gap(0)];
    columns.extend(document.group_by.iter().map(|key| Column::new(capitalised(key)).fit(Fit::Shorten(12))));
    columns.push(Column::new(""));
    let mut table = Table::new(columns);
    for group in &document.groups {
        table.inked(Ink::Name, group.count);
        for place in 0..document.group_by.len() {
            table.cell(group.key.get(place).map_or("", String::as_str));
        }
        match group.inferred {
            0 => table.cell(""),
            inferred if inferred == group.count => table.inked(Ink::Faint, "inferred: nobody holds them"),
            inferred => table.inked(Ink::Faint, format_args!("{inferred} of them inferred")),
        }
    }
    table.print(out, view.width, view.palette, heading)
}
