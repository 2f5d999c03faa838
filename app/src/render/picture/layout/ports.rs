//! The ports of a group: a box beside the lanes, or where they are many, a list below them.

use super::super::entry::Entry;
use super::super::group::Group;
use super::super::measure::Font;
use super::super::shape::{End, Rect, Shape};
use super::columns::{Columns, Span};

/// More rows than these are listed below the lanes.
const MOST_ROWS: usize = 8;
const ROW: i32 = 24;
const ROW_WITH_DETAIL: i32 = 40;
const CELL: i32 = 290;

/// Draws the ports from `top` down and gives where they end. The box reaches to the lanes that arrive.
pub(super) fn draw(
    group: &Group,
    columns: &Columns,
    top: i32,
    (lanes_end, arrivals): (i32, i32),
    shapes: &mut Vec<Shape>,
) -> i32 {
    let Span { x, width } = columns.port;
    let listed = group.entries.len() > MOST_ROWS && !group.leads_on;
    let rows: i32 = if listed { 2 * ROW } else { group.entries.iter().map(height).sum() };
    let at = Rect { x, y: top, width, height: (rows + 12).max(arrivals + 20 - top) };
    shapes.push(Shape::Box { at, radius: 6, class: "card port" });
    if listed {
        let count = format!("{} ports", group.doors);
        shapes.push(Shape::text((x + 14, top + 24), width - 28, Font::HEADING, "", &count));
        shapes.push(Shape::text((x + 14, top + 44), width - 28, Font::SMALL, "dim", "listed below"));
        return list(group, columns, lanes_end.max(at.y + at.height) + 6, shapes);
    }
    let mut y = top + 6;
    for entry in &group.entries {
        row(entry, (x + 12, y), width - 24, shapes);
        y += height(entry);
    }
    if let Some(on) = columns.on.filter(|_| group.leads_on) {
        leads_on(group, columns, on, top, shapes);
    }
    at.y + at.height
}

fn height(entry: &Entry) -> i32 {
    if entry.detail.is_some() { ROW_WITH_DETAIL } else { ROW }
}

/// Port and holder, and below them what is special.
fn row(entry: &Entry, (x, y): (i32, i32), room: i32, shapes: &mut Vec<Shape>) {
    let port = Font::PORT.width(&entry.port).min(room);
    let mut row = vec![Shape::text((x, y + 17), room, Font::PORT, "", &entry.port)];
    if let Some(holder) = &entry.holder {
        let after = port + 12;
        row.push(Shape::text((x + after, y + 17), room - after, Font::TEXT, "", holder));
    }
    if let Some(detail) = &entry.detail {
        row.push(Shape::text((x, y + 33), room, Font::SMALL, "dim", detail));
    }
    let title = Some(super::super::words::one_line(&entry.line()).into_owned());
    shapes.push(Shape::Group { class: "door", title, shapes: row });
}

/// Where translated ports lead, each beside its own.
fn leads_on(group: &Group, columns: &Columns, on: Span, top: i32, shapes: &mut Vec<Shape>) {
    let rows: i32 = group.entries.iter().map(height).sum();
    let at = Rect { x: on.x, y: top, width: on.width, height: rows + 12 };
    shapes.push(Shape::Box { at, radius: 6, class: "card on" });
    let mut y = top + 6;
    for entry in &group.entries {
        let middle = y + 13;
        let (from, to) = (columns.port.x + columns.port.width + 2, on.x - 3);
        let line =
            Shape::Line { points: vec![(from, middle), (to, middle)], class: "leads", end: End::Arrow };
        shapes.push(Shape::Group { class: "leads-on", title: None, shapes: vec![line] });
        let text = entry.to.as_deref().unwrap_or_default();
        shapes.push(Shape::text((on.x + 12, y + 17), on.width - 24, Font::PORT, "", text));
        y += height(entry);
    }
}

/// All rows in columns, down first.
fn list(group: &Group, columns: &Columns, top: i32, shapes: &mut Vec<Shape>) -> i32 {
    let x = columns.way();
    let width = columns.port.x + columns.port.width - x;
    let across = usize::try_from((width - 12) / CELL).unwrap_or(1).max(1);
    let down = group.entries.len().div_ceil(across).max(1);
    let pitch = group.entries.iter().map(height).max().unwrap_or(ROW);
    let height = i32::try_from(down).unwrap_or(0) * pitch + 12;
    shapes.push(Shape::Box { at: Rect { x, y: top, width, height }, radius: 6, class: "card" });
    let mut left = x + 12;
    for column in group.entries.chunks(down) {
        let mut y = top + 6;
        for entry in column {
            row(entry, (left, y), CELL - 24, shapes);
            y += pitch;
        }
        left += CELL;
    }
    top + height
}
