//! Nothing stands over anything else, and nothing leaves the page.

use super::super::layout;
use super::super::measure::Font;
use super::super::shape::{Drawing, Rect, Shape};
use super::super::subject::{Picture, Scene};
use super::scenes::{crowd, hostile, town};
use portreeve_model::exposure::Exposure;
use portreeve_model::reach::Chain;

#[derive(Default)]
struct Placed {
    texts: Vec<(Rect, String)>,
    boxes: Vec<(Rect, &'static str)>,
    /// Horizontal and vertical pieces of lines.
    pieces: Vec<(Rect, &'static str)>,
    marks: Vec<Rect>,
}

impl Placed {
    fn take(&mut self, shapes: &[Shape]) {
        for shape in shapes {
            match shape {
                Shape::Group { shapes, .. } => self.take(shapes),
                Shape::Box { at, class, .. } => self.boxes.push((*at, class)),
                Shape::Text { x, baseline, font, text, .. } => {
                    self.texts.push((extent(*font, *x, *baseline, text), text.clone()));
                }
                Shape::Line { points, class, .. } => {
                    for pair in points.windows(2) {
                        let ((x1, y1), (x2, y2)) = (pair[0], pair[1]);
                        let at = Rect {
                            x: x1.min(x2),
                            y: y1.min(y2),
                            width: (x1 - x2).abs().max(1),
                            height: (y1 - y2).abs().max(1),
                        };
                        self.pieces.push((at, class));
                    }
                }
                Shape::Dot { x, y, .. } => {
                    self.marks.push(Rect { x: x - 6, y: y - 6, width: 12, height: 12 });
                }
                Shape::Sign { x, y, .. } => {
                    self.marks.push(Rect { x: x - 9, y: y - 9, width: 18, height: 18 });
                }
            }
        }
    }
}

fn extent(font: Font, x: i32, baseline: i32, text: &str) -> Rect {
    #[expect(clippy::cast_possible_truncation, reason = "sizes of fonts are small")]
    let (above, below) = ((font.size() * 0.95).ceil() as i32, (font.size() * 0.25).ceil() as i32);
    Rect { x, y: baseline - above, width: font.width(text), height: above + below }
}

fn overlap(one: &Rect, other: &Rect) -> bool {
    one.x < other.x + other.width
        && other.x < one.x + one.width
        && one.y < other.y + other.height
        && other.y < one.y + one.height
}

fn inside(inner: &Rect, outer: &Rect) -> bool {
    inner.x >= outer.x
        && inner.y >= outer.y
        && inner.x + inner.width <= outer.x + outer.width
        && inner.y + inner.height <= outer.y + outer.height
}

fn check(name: &str, (exposures, chains): &(Vec<Exposure>, Vec<Chain>), notes: &[String]) {
    let picture = Picture { host: Some("web1"), exposures, chains, notes };
    let drawing: Drawing = layout::draw(&Scene::new(&picture));
    let mut placed = Placed::default();
    placed.take(&drawing.shapes);
    let page = Rect { x: 0, y: 0, width: drawing.width, height: drawing.height };
    for (at, text) in &placed.texts {
        assert!(inside(at, &page), "{name}: `{text}` leaves the page");
    }
    for (index, (at, text)) in placed.texts.iter().enumerate() {
        for (other, over) in &placed.texts[index + 1..] {
            assert!(!overlap(at, other), "{name}: `{text}` {at:?} over `{over}` {other:?}");
        }
        for (other, class) in &placed.boxes {
            assert!(
                !overlap(at, other) || inside(at, other),
                "{name}: `{text}` {at:?} cuts a {class} {other:?}"
            );
        }
        for (line, class) in &placed.pieces {
            // What stands in a pill is on the lane, by design.
            let on_pill = placed
                .boxes
                .iter()
                .any(|(pill, of)| matches!(*of, "pill" | "nat") && inside(at, pill) && *class == "lane");
            assert!(on_pill || !overlap(at, line), "{name}: a {class} {line:?} through `{text}` {at:?}");
        }
        for mark in &placed.marks {
            assert!(!overlap(at, mark), "{name}: a mark {mark:?} over `{text}` {at:?}");
        }
    }
    for (index, (at, class)) in placed.boxes.iter().enumerate() {
        assert!(inside(at, &page), "{name}: a {class} leaves the page");
        for (other, over) in &placed.boxes[index + 1..] {
            let apart = !overlap(at, other) || inside(at, other) || inside(other, at);
            assert!(apart, "{name}: a {class} {at:?} cuts a {over} {other:?}");
            let of_one_kind = class == over && overlap(at, other);
            assert!(!of_one_kind, "{name}: a {class} {at:?} over another {other:?}");
        }
    }
}

#[test]
fn nothing_overlaps() {
    check("town", &town(), &["Some rules were not seen.".to_owned()]);
    check("hostile", &hostile(), &vec!["x".repeat(3000); 12]);
    check("nothing", &(Vec::new(), Vec::new()), &[]);
    for number in [1, 3, 30, 200] {
        check(&format!("crowd of {number}"), &crowd(number), &[]);
    }
}

#[test]
fn many_ports_that_are_alike_take_little_room() {
    let (exposures, chains) = crowd(200);
    let alike: Vec<Exposure> = exposures.into_iter().step_by(3).collect();
    let picture = Picture { host: None, exposures: &alike, chains: &chains, notes: &[] };
    let drawing = layout::draw(&Scene::new(&picture));
    assert!(drawing.height < 1100, "{}", drawing.height);
}
