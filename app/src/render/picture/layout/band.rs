//! A band: the lanes of one group of ports, and the ports.

use portreeve_model::exposure::zone::THIS_HOST;
use portreeve_model::reach::Verdict;

use super::super::decided::Place;
use super::super::group::Group;
use super::super::lane::{Extent, Lane};
use super::super::measure::Font;
use super::super::shape::{End, Rect, Shape, Sign};
use super::super::subject::Scene;
use super::super::{words, xml};
use super::columns::{Columns, MARGIN, Span};
use super::ports;

/// Lanes beyond these are counted. Those that arrive come first.
const MOST_LANES: usize = 12;
const LANE_PITCH: i32 = 50;
/// Between two lines of text.
const LINE: i32 = 17;
const NOTE_PITCH: i32 = 26;
const PADDING: i32 = 10;
const PILL_HEIGHT: i32 = 26;

/// Draws a group from `top` down and gives where it ends. Boxes to stand under the rails go to `under`.
pub(super) fn draw(
    group: &Group,
    scene: &Scene<'_>,
    columns: &Columns,
    top: i32,
    under: &mut Vec<Shape>,
    shapes: &mut Vec<Shape>,
) -> i32 {
    let mut y = top + PADDING;
    for text in &group.inexact {
        note(columns, text, y, shapes);
        y += NOTE_PITCH;
    }
    let lanes = group.lanes.get(..MOST_LANES).unwrap_or(&group.lanes);
    let mut arrivals = y;
    for one in lanes {
        let middle = y + LANE_PITCH / 2;
        let (shape, below) = lane(one, group, scene, columns, middle);
        shapes.push(shape);
        if one.verdict != Verdict::Deny {
            arrivals = middle;
        }
        y += LANE_PITCH + (below - 1).max(0) * LINE;
    }
    let hidden = group.lanes.len() - lanes.len();
    if hidden > 0 || lanes.is_empty() {
        let text = match hidden {
            0 => "nothing is known of who can reach it".to_owned(),
            hidden => {
                format!("and {hidden} more kinds of sources, which the description of this picture holds")
            }
        };
        note(columns, &text, y, shapes);
        y += NOTE_PITCH;
    }
    let drawn = ports::draw(group, columns, top + PADDING, (y, arrivals), shapes);
    let bottom = drawn.max(y) + PADDING;
    let at = Rect { x: MARGIN - 10, y: top, width: columns.right + 10 - (MARGIN - 10), height: bottom - top };
    under.push(Shape::Box { at, radius: 8, class: "band" });
    bottom
}

fn note(columns: &Columns, text: &str, y: i32, shapes: &mut Vec<Shape>) {
    let Span { x, width } = Span { x: columns.way(), width: columns.port.x - columns.way() - 12 };
    let at = Rect { x, y, width, height: NOTE_PITCH - 4 };
    shapes.push(Shape::Box { at, radius: 4, class: "note" });
    shapes.push(Shape::text((x + 10, y + 15), width - 20, Font::SMALL, "", text));
}

/// A lane at `y`, and how many lines of text stand below it.
fn lane(lane: &Lane, group: &Group, scene: &Scene<'_>, columns: &Columns, y: i32) -> (Shape, i32) {
    let (class, sign) = match lane.verdict {
        Verdict::Allow => ("allow", Sign::Check),
        Verdict::Unknown => ("depends", Sign::Question),
        Verdict::Deny => ("deny", Sign::Cross),
    };
    let mut shapes = Vec::new();
    let left = sources(lane, scene, columns, y, &mut shapes);
    line(lane, columns, y, &mut shapes);
    dots(lane, columns, y, &mut shapes);
    if group.leads_on && !is_of_this_host_only(lane, scene) && lane.decided.place != Some(Place::Host) {
        translation(lane, columns, y, &mut shapes);
    }
    mark(lane, columns, y, sign, &mut shapes);
    let right = reason(lane, columns, y, &mut shapes);
    (Shape::Group { class, title: Some(words::lane(lane, &scene.zones)), shapes }, left.max(right))
}

/// Versions and sources in words. Gives the lines below the lane.
fn sources(lane: &Lane, scene: &Scene<'_>, columns: &Columns, y: i32, shapes: &mut Vec<Shape>) -> i32 {
    let tag = words::versions(lane.versions);
    let width = Font::SMALL.width(tag) + 6;
    let at = Rect { x: columns.tag.x, y: y - 20, width, height: 18 };
    shapes.push(Shape::Box { at, radius: 4, class: "tag" });
    shapes.push(Shape::text((at.x + 3, y - 7), width, Font::SMALL, "dim", tag));
    let zones = words::sources(lane, &scene.zones);
    let mut text = Paragraph { x: columns.from.x, y, width: columns.from.width, below: 0 };
    text.above(0, Font::HEADING, "", &zones, shapes);
    text.below(Font::SMALL, "dim", &words::details(lane), shapes);
    text.below
}

/// Text around a lane: one line above it, the rest below.
struct Paragraph {
    x: i32,
    /// Of the lane.
    y: i32,
    width: i32,
    /// Lines below, so far.
    below: i32,
}

impl Paragraph {
    /// Text that begins above the lane, `indent` pixels in, and goes on below it.
    fn above(&mut self, indent: i32, font: Font, class: &'static str, text: &str, shapes: &mut Vec<Shape>) {
        let room = self.width - indent;
        self.put((self.x + indent, self.y - 8), room, (font, class), text, shapes);
    }

    /// Text below the lane, in at most two lines.
    fn below(&mut self, font: Font, class: &'static str, text: &str, shapes: &mut Vec<Shape>) {
        if !text.is_empty() {
            let at = (self.x, self.next());
            self.put(at, self.width, (font, class), text, shapes);
        }
    }

    fn put(
        &mut self,
        (x, baseline): (i32, i32),
        room: i32,
        (font, class): (Font, &'static str),
        text: &str,
        shapes: &mut Vec<Shape>,
    ) {
        let said = words::one_line(text);
        let (first, second, cut) = font.two_lines(&said, room, self.width);
        shapes.push(Shape::text((x, baseline), room, font, class, &first));
        if let Some(second) = second {
            let full = cut.then(|| said.into_owned());
            shapes.push(Shape::Text { x: self.x, baseline: self.next(), font, class, text: second, full });
        }
    }

    /// The baseline of the next line below.
    fn next(&mut self) -> i32 {
        self.below += 1;
        self.y + 17 + (self.below - 1) * LINE
    }
}

/// The lane itself: from the first dot to the port, or to where it ends.
fn line(lane: &Lane, columns: &Columns, y: i32, shapes: &mut Vec<Shape>) {
    let of_zones = lane.zones.iter().filter_map(|(zone, _)| columns.rails.get(*zone));
    let from = of_zones.min().copied().unwrap_or(columns.from.x + columns.from.width + 8);
    let (to, end) = match lane.verdict {
        Verdict::Allow => (columns.port.x - 2, End::Arrow),
        Verdict::Unknown => (columns.port.x - 2, End::OpenArrow),
        Verdict::Deny => (stop(lane, columns), End::Plain),
    };
    shapes.push(Shape::Line { points: vec![(from, y), (to, y)], class: "lane", end });
}

/// Where a lane that does not arrive ends.
fn stop(lane: &Lane, columns: &Columns) -> i32 {
    let column = lane.decided.place.as_ref().and_then(|place| columns.hook(place));
    column.map_or(columns.why.x - 24, |column| column.span.x)
}

fn dots(lane: &Lane, columns: &Columns, y: i32, shapes: &mut Vec<Shape>) {
    for (zone, extent) in &lane.zones {
        if let Some(x) = columns.rails.get(*zone) {
            shapes.push(Shape::Dot { x: *x, y, class: "dot", half: *extent == Extent::Partly });
        }
    }
}

fn is_of_this_host_only(lane: &Lane, scene: &Scene<'_>) -> bool {
    let this = scene.zones.iter().position(|zone| zone == THIS_HOST);
    matches!(lane.zones.as_slice(), [(zone, _)] if Some(*zone) == this)
}

/// Says where the destination is translated, unless the lane is decided there.
fn translation(lane: &Lane, columns: &Columns, y: i32, shapes: &mut Vec<Shape>) {
    let before = Place::Hook("prerouting".to_owned());
    let Some(column) = columns.hook(&before).filter(|_| lane.decided.place.as_ref() != Some(&before)) else {
        return;
    };
    let text = "translated";
    let width = Font::SMALL.width(text) + 20;
    let at = Rect { x: column.span.x, y: y - PILL_HEIGHT / 2, width, height: PILL_HEIGHT };
    shapes.push(Shape::Box { at, radius: PILL_HEIGHT / 2, class: "nat" });
    shapes.push(Shape::text((at.x + 10, y + 4), width, Font::SMALL, "", text));
}

/// The mark where it is decided.
fn mark(lane: &Lane, columns: &Columns, y: i32, sign: Sign, shapes: &mut Vec<Shape>) {
    let place = lane.decided.place.as_ref();
    let Some(column) = place.and_then(|place| columns.hook(place)) else {
        if lane.verdict == Verdict::Deny {
            shapes.push(Shape::Sign { x: columns.why.x - 24, y, class: "disc", sign });
        }
        return;
    };
    let edge = 2 * xml::SIGN_RADIUS + 10;
    let text = lane.decided.mark();
    let room = column.span.width - edge - 12;
    let width = edge + Font::SMALL.width(&words::one_line(&text)).min(room) + 12;
    let at = Rect { x: column.span.x, y: y - PILL_HEIGHT / 2, width, height: PILL_HEIGHT };
    shapes.push(Shape::Box { at, radius: PILL_HEIGHT / 2, class: "pill" });
    shapes.push(Shape::Sign { x: at.x + PILL_HEIGHT / 2, y, class: "disc", sign });
    shapes.push(Shape::text((at.x + edge, y + 4), room, Font::SMALL, "", &text));
}

/// Verdict and rule above the lane, what does not fit and what belongs to it below. Gives the lines below.
fn reason(lane: &Lane, columns: &Columns, y: i32, shapes: &mut Vec<Shape>) -> i32 {
    let mut text = Paragraph { x: columns.why.x + 8, y, width: columns.why.width - 24, below: 0 };
    let verdict = words::verdict(lane.verdict);
    shapes.push(Shape::text((text.x, y - 8), text.width, Font::HEADING, "verdict", verdict));
    let indent = Font::HEADING.width(verdict) + 8;
    let font = if lane.decided.code { Font::CODE } else { Font::TEXT };
    text.above(indent, font, "", &lane.decided.text, shapes);
    text.below(Font::SMALL, "dim", &words::reason(lane), shapes);
    text.below
}
