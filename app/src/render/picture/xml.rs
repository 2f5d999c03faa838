//! Shapes to SVG.

use std::fmt::{Display, Write};

use super::measure::{Face, Font};
use super::shape::{Drawing, End, Rect, Shape, Sign};

const STYLE: &str = include_str!("style.css");
/// Half the width of a sign.
const SIGN: i32 = 4;
const DOT_RADIUS: i32 = 6;
pub(super) const SIGN_RADIUS: i32 = 9;

/// The document.
pub(super) fn document(drawing: &Drawing) -> String {
    let Drawing { width, height, .. } = drawing;
    let mut out = String::new();
    let head = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-labelledby=\"title description\">\n"
    );
    out.push_str(&head);
    put(&mut out, format_args!("<title id=\"title\">{}</title>\n", Escaped(&drawing.title)));
    put(&mut out, format_args!("<desc id=\"description\">{}</desc>\n", Escaped(&drawing.description)));
    put(&mut out, format_args!("<style>\n{STYLE}</style>\n"));
    put(&mut out, format_args!("<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n"));
    for shape in &drawing.shapes {
        write_shape(&mut out, shape);
    }
    out.push_str("</svg>\n");
    out
}

fn write_shape(out: &mut String, shape: &Shape) {
    match shape {
        Shape::Group { class, title, shapes } => {
            put(out, format_args!("<g class=\"{class}\">"));
            if let Some(title) = title {
                put(out, format_args!("<title>{}</title>", Escaped(title)));
            }
            out.push('\n');
            for shape in shapes {
                write_shape(out, shape);
            }
            out.push_str("</g>\n");
        }
        Shape::Box { at: Rect { x, y, width, height }, radius, class } => put(
            out,
            format_args!(
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>\n"
            ),
        ),
        Shape::Text { x, baseline, font, class, text, full } => {
            put(
                out,
                format_args!(
                    "<text class=\"{} {class}\" x=\"{x}\" y=\"{baseline}\" font-size=\"{}\">",
                    face(*font),
                    font.size()
                ),
            );
            if let Some(full) = full {
                put(out, format_args!("<title>{}</title>", Escaped(full)));
            }
            put(out, format_args!("{}</text>\n", Escaped(text)));
        }
        Shape::Line { points, class, end } => line(out, points, class, *end),
        Shape::Dot { x, y, class, half } => dot(out, (*x, *y), class, *half),
        Shape::Sign { x, y, class, sign: which } => sign(out, (*x, *y), class, *which),
    }
}

fn face(font: Font) -> &'static str {
    match font.face {
        Face::Sans => "sans",
        Face::Bold => "bold",
        Face::Mono => "mono",
    }
}

fn line(out: &mut String, points: &[(i32, i32)], class: &str, end: End) {
    out.push_str("<path class=\"");
    out.push_str(class);
    out.push_str("\" d=\"");
    for (at, (x, y)) in points.iter().enumerate() {
        put(out, format_args!("{}{x} {y}", if at == 0 { "M" } else { "L" }));
    }
    out.push_str("\"/>\n");
    let Some((x, y)) = points.last() else { return };
    let class = match end {
        End::Plain => return,
        End::Arrow => "arrow",
        End::OpenArrow => "arrow open",
    };
    let (back, up, down) = (x - 11, y - 6, y + 6);
    put(out, format_args!("<path class=\"{class}\" d=\"M{x} {y}L{back} {up}L{back} {down}Z\"/>\n"));
}

fn dot(out: &mut String, (x, y): (i32, i32), class: &str, half: bool) {
    let r = DOT_RADIUS;
    if half {
        put(out, format_args!("<circle class=\"{class} hollow\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"/>\n"));
        let (top, bottom) = (y - r, y + r);
        put(out, format_args!("<path class=\"{class}\" d=\"M{x} {top}A{r} {r} 0 0 0 {x} {bottom}Z\"/>\n"));
    } else {
        put(out, format_args!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"/>\n"));
    }
}

fn sign(out: &mut String, (x, y): (i32, i32), class: &str, sign: Sign) {
    put(out, format_args!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{SIGN_RADIUS}\"/>\n"));
    let (left, right, top, bottom) = (x - SIGN, x + SIGN, y - SIGN, y + SIGN);
    match sign {
        Sign::Check => put(
            out,
            format_args!("<path class=\"sign\" d=\"M{left} {y}L{} {}L{right} {top}\"/>\n", x - 1, y + 3),
        ),
        Sign::Cross => put(
            out,
            format_args!(
                "<path class=\"sign\" d=\"M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}\"/>\n"
            ),
        ),
        // The font's own question mark may sit anywhere: it is drawn.
        Sign::Question => put(
            out,
            format_args!(
                "<path class=\"sign\" d=\"M{} {}A3 3 0 1 1 {x} {y}L{x} {}M{x} {}L{x} {}\"/>\n",
                x - 3,
                y - 2,
                y + 1,
                y + 4,
                y + 5
            ),
        ),
    }
}

fn put(out: &mut String, text: impl Display) {
    // Writing to a string does not fail.
    let _ = write!(out, "{text}");
}

/// Text of an element or an attribute.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' => f.write_str("\n")?,
                // XML 1.0 knows no other characters (`Char`, section 2.2).
                character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                    f.write_str("\u{fffd}")?;
                }
                character => f.write_char(character)?,
            }
        }
        Ok(())
    }
}
