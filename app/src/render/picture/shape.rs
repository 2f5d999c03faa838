//! What a picture consists of, with places in whole pixels.

use super::measure::Font;

/// A whole picture.
#[derive(Debug)]
pub(super) struct Drawing {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) title: String,
    /// The picture in words, for those who do not see it.
    pub(super) description: String,
    pub(super) shapes: Vec<Shape>,
}

/// A part of a picture. Classes are those of `style.css`.
#[derive(Debug)]
pub(super) enum Shape {
    /// Shapes that belong together; the title is shown where the pointer rests on them.
    Group { class: &'static str, title: Option<String>, shapes: Vec<Shape> },
    /// A box with round corners.
    Box { at: Rect, radius: i32, class: &'static str },
    /// A line of text; `full` is what it was cut from.
    Text { x: i32, baseline: i32, font: Font, class: &'static str, text: String, full: Option<String> },
    /// A line through points; `end` is drawn at the last.
    Line { points: Vec<(i32, i32)>, class: &'static str, end: End },
    /// A dot on a rail.
    Dot { x: i32, y: i32, class: &'static str, half: bool },
    /// A sign in a circle of its own.
    Sign { x: i32, y: i32, class: &'static str, sign: Sign },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Plain,
    /// A full arrowhead.
    Arrow,
    /// An arrowhead in outline.
    OpenArrow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Check,
    Cross,
    Question,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

impl Shape {
    /// Text at its baseline, cut to `room` pixels.
    pub(super) fn text(
        (x, baseline): (i32, i32),
        room: i32,
        font: Font,
        class: &'static str,
        text: &str,
    ) -> Self {
        let clean = super::words::one_line(text);
        let (shown, cut) = font.cut(&clean, room);
        Self::Text { x, baseline, font, class, text: shown, full: cut.then(|| clean.into_owned()) }
    }
}
