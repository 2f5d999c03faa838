//! The page: title, legend, notes, header, bands.

use super::super::measure::Font;
use super::super::shape::{Drawing, End, Rect, Shape, Sign};
use super::super::subject::Scene;
use super::super::words;
use super::columns::{Columns, MARGIN};
use super::{band, header};

/// Notes beyond these are counted.
const MOST_NOTES: usize = 8;
const NOTE_PITCH: i32 = 24;
const GAP: i32 = 14;

/// Places everything.
pub(in super::super) fn draw(scene: &Scene<'_>) -> Drawing {
    let columns = Columns::new(scene);
    let mut shapes = Vec::new();
    let mut y = MARGIN;
    title(scene, &columns, &mut y, &mut shapes);
    notes(scene, &columns, &mut y, &mut shapes);
    let header = header::draw(scene, &columns, y, &mut shapes);
    y = header.bottom + GAP;
    let mut bands = Vec::new();
    let mut content = Vec::new();
    for group in &scene.groups {
        let bottom = band::draw(group, scene, &columns, y, &mut bands, &mut content);
        y = bottom + GAP;
    }
    if scene.groups.is_empty() {
        content.push(Shape::text((MARGIN, y + 20), columns.right, Font::TEXT, "dim", "No port to show."));
        y += 30;
    }
    // Rails run over the bands and under what stands in them.
    shapes.append(&mut bands);
    shapes.extend(header.rails(&columns, y - GAP));
    shapes.append(&mut content);
    Drawing {
        width: columns.right + MARGIN,
        height: y - GAP + MARGIN,
        title: words::title(scene),
        description: words::description(scene),
        shapes,
    }
}

fn title(scene: &Scene<'_>, columns: &Columns, y: &mut i32, shapes: &mut Vec<Shape>) {
    let room = columns.right - MARGIN;
    let title = words::title(scene);
    let width = Font::TITLE.width(&title).min(room);
    shapes.push(Shape::text((MARGIN, *y + 19), room, Font::TITLE, "", &title));
    let count = format!("{} ports", scene.doors);
    let count = if scene.doors == 1 { "1 port" } else { count.as_str() };
    let beside = MARGIN + width + 16;
    shapes.push(Shape::text((beside, *y + 19), columns.right - beside, Font::TEXT, "dim", count));
    *y += 34;
    legend(*y, shapes);
    *y += 40;
}

fn legend(y: i32, shapes: &mut Vec<Shape>) {
    let middle = y + 14;
    let mut x = MARGIN;
    for (class, sign, end, text) in [
        ("allow", Sign::Check, End::Arrow, "gets through"),
        ("depends", Sign::Question, End::OpenArrow, "depends on what the lane names"),
        ("deny", Sign::Cross, End::Plain, "ends at the mark"),
    ] {
        let stop = if end == End::Plain { x + 34 } else { x + 86 };
        let word = Font::SMALL_BOLD;
        let said = stop.max(x + 52) + 10;
        shapes.push(Shape::Group {
            class,
            title: None,
            shapes: vec![
                Shape::Line { points: vec![(x, middle), (stop, middle)], class: "lane", end },
                Shape::Sign { x: x + 43, y: middle, class: "disc", sign },
                Shape::text((said, middle + 4), 200, word, "verdict", class),
            ],
        });
        let after = said + word.width(class) + 8;
        shapes.push(Shape::text((after, middle + 4), 300, Font::SMALL, "dim", text));
        x = after + Font::SMALL.width(text) + 34;
    }
    for (half, text) in [(false, "the whole zone"), (true, "a part of the zone")] {
        shapes.push(Shape::Group {
            class: "allow",
            title: None,
            shapes: vec![Shape::Dot { x: x + 6, y: middle, class: "dot", half }],
        });
        shapes.push(Shape::text((x + 20, middle + 4), 300, Font::SMALL, "dim", text));
        x += 20 + Font::SMALL.width(text) + 30;
    }
}

fn notes(scene: &Scene<'_>, columns: &Columns, y: &mut i32, shapes: &mut Vec<Shape>) {
    if scene.notes.is_empty() {
        return;
    }
    let mut lines: Vec<String> = scene.notes.iter().take(MOST_NOTES).cloned().collect();
    if let Some(more) = scene.notes.len().checked_sub(MOST_NOTES).filter(|more| *more > 0) {
        lines.push(format!("and {more} more notes, which the description of this picture holds"));
    }
    let width = columns.right - MARGIN;
    let height = i32::try_from(lines.len()).unwrap_or(0) * NOTE_PITCH + 10;
    shapes.push(Shape::Box { at: Rect { x: MARGIN, y: *y, width, height }, radius: 6, class: "note" });
    for line in &lines {
        shapes.push(Shape::text((MARGIN + 12, *y + 21), width - 24, Font::TEXT, "", line));
        *y += NOTE_PITCH;
    }
    *y += 10 + GAP;
}
