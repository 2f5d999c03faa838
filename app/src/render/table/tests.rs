//! Whole tables.

use super::{Column, Fit, Heading, Table};
use crate::render::style::{Ink, Palette};

fn printed(table: &Table, width: Option<usize>) -> String {
    let mut out = Vec::new();
    table.print(&mut out, width, Palette::Plain, Heading::Shown).unwrap();
    String::from_utf8(out).unwrap()
}

fn sample() -> Table {
    let mut table = Table::new(vec![
        Column::new("PORT").gap(0),
        Column::new("N").right().gap(1),
        Column::new("NAME").fit(Fit::Wrap(6)),
        Column::new("PATH").fit(Fit::Shorten(7)),
    ]);
    for cell in ["22", "1", "one two three", "/usr/lib/postgresql/15/bin/postgres"] {
        table.cell(cell);
    }
    table.section(Ink::Normal, "section".to_owned());
    for cell in ["443", "12345", "", "/x"] {
        table.cell(cell);
    }
    table
}

#[test]
fn is_as_wide_as_its_cells_without_a_limit() {
    assert_eq!(
        printed(&sample(), None),
        "PORT     N  NAME           PATH\n\
         22       1  one two three  /usr/lib/postgresql/15/bin/postgres\n\
         \nsection\n\
         443  12345                 /x\n"
    );
}

#[test]
fn wraps_and_shortens_to_the_limit() {
    let text = printed(&sample(), Some(34));
    assert_eq!(
        text,
        "PORT     N  NAME    PATH\n\
         22       1  one     /usr/li…stgres\n            two\n            three\n\
         \nsection\n\
         443  12345          /x\n"
    );
}

#[test]
fn cells_cannot_break_the_table() {
    let mut table = Table::new(vec![Column::new("A").gap(0), Column::new("B")]);
    table.cell("a\nb\x1b[2J");
    table.cell("c");
    assert_eq!(printed(&table, None), "A              B\na\\x0ab\\x1b[2J  c\n");
}

#[test]
fn the_flowing_cell_goes_below_where_it_does_not_fit() {
    let mut table = Table::new(vec![Column::new("A").gap(0), Column::new("B").fit(Fit::Flow)]);
    table.cell("a");
    table.flow(r#"users:(("n,x",pid=1,fd=2),("n",pid=2,fd=2))"#, "cubic rto:1");
    let wide = "A  B\na  users:((\"n,x\",pid=1,fd=2),(\"n\",pid=2,fd=2))\n\tcubic rto:1\n";
    assert_eq!(printed(&table, None), wide);
    let narrow = "A  B\na\n\tusers:((\"n,x\",pid=1,fd=2),\n\t(\"n\",pid=2,fd=2))\n\tcubic rto:1\n";
    assert_eq!(printed(&table, Some(40)), narrow);
}
