//! How wide text is, never too little: the viewer's font is not known, and no text may run into what stands beside it.

use unicode_width::UnicodeWidthChar;

/// A font by its generic family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Font {
    pub(super) face: Face,
    /// In hundredths of a pixel.
    hundredths: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    Sans,
    Bold,
    Mono,
}

impl Font {
    pub(super) const TITLE: Self = Self::new(Face::Bold, 2000);
    pub(super) const HEADING: Self = Self::new(Face::Bold, 1350);
    pub(super) const TEXT: Self = Self::new(Face::Sans, 1300);
    pub(super) const SMALL: Self = Self::new(Face::Sans, 1150);
    pub(super) const SMALL_BOLD: Self = Self::new(Face::Bold, 1150);
    pub(super) const CODE: Self = Self::new(Face::Mono, 1200);
    pub(super) const PORT: Self = Self::new(Face::Mono, 1350);

    const fn new(face: Face, hundredths: u16) -> Self {
        Self { face, hundredths }
    }

    /// Size in pixels, as CSS has it.
    pub(super) fn size(self) -> f64 {
        f64::from(self.hundredths) / 100.0
    }

    /// Pixels that `text` takes at most, rounded up.
    pub(super) fn width(self, text: &str) -> i32 {
        let thousandths: i64 = text.chars().map(|character| i64::from(self.advance(character))).sum();
        let pixels = thousandths.saturating_mul(i64::from(self.hundredths)).saturating_add(99_999) / 100_000;
        i32::try_from(pixels).unwrap_or(i32::MAX)
    }

    /// `text` in at most `room` pixels: what is too long ends in `…`. The second value tells whether it was cut.
    pub(super) fn cut(self, text: &str, room: i32) -> (String, bool) {
        if self.width(text) <= room {
            return (text.to_owned(), false);
        }
        let room = i64::from(room.saturating_sub(self.width("…")).max(0)) * 100_000;
        let mut used = 0_i64;
        let head: String = text
            .chars()
            .take_while(|character| {
                used = used.saturating_add(i64::from(self.advance(*character)) * i64::from(self.hundredths));
                used <= room
            })
            .collect();
        (format!("{}…", head.trim_end()), true)
    }

    /// `text` in at most two lines of `first` and `second` pixels, broken at a blank where there is one. The last value tells
    /// whether it was cut.
    pub(super) fn two_lines(self, text: &str, first: i32, second: i32) -> (String, Option<String>, bool) {
        let (head, cut) = self.cut(text, first);
        if !cut {
            return (head, None, false);
        }
        let fits = head.trim_end_matches('…');
        // A break in the first half would leave more blank than it is worth.
        let broken =
            fits.rfind(' ').filter(|at| *at > fits.len() / 2).and_then(|at| text.split_at_checked(at));
        let Some((one, rest)) = broken.or_else(|| text.split_at_checked(fits.len())) else {
            return (head, None, true);
        };
        let (two, cut) = self.cut(rest.trim_start(), second);
        (one.trim_end().to_owned(), Some(two), cut)
    }

    /// Width of one character in thousandths of the size.
    fn advance(self, character: char) -> u32 {
        let table = match self.face {
            Face::Mono if character.is_ascii() => return 620,
            Face::Bold => &BOLD,
            Face::Sans | Face::Mono => &SANS,
        };
        let known =
            u32::from(character).checked_sub(0x20).and_then(|at| table.get(usize::try_from(at).ok()?));
        match (known, character, character.width().unwrap_or(0)) {
            (Some(width), _, _) => u32::from(*width) + OTHER_FONTS,
            (None, '·' | '–', _) if self.face != Face::Mono => 550,
            (None, _, 0) => 0,
            // Characters that a font lacks come from another one, which keeps no column.
            (None, _, 1) => 1050,
            (None, _, _) => 1250,
        }
    }
}

/// By how much a character of another font may be wider.
const OTHER_FONTS: u32 = 25;

/// Advance widths of ASCII from the blank on, in thousandths, of `DejaVu Sans`, the widest of the fonts that systems have
/// for `sans-serif`.
const SANS: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636,
    636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295,
    295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838,
    500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521,
    392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

/// The same of `DejaVu Sans Bold`.
const BOLD: [u16; 95] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696,
    696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372,
    372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838,
    500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595,
    478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
];

#[cfg(test)]
mod tests {
    use super::Font;

    #[test]
    fn what_is_cut_fits_and_says_so() {
        for text in
            ["short", "a rule that goes on and on until nobody reads it", "名前名前名前名前", "WWWWWWWWWWWW"]
        {
            for room in [0, 10, 40, 100] {
                let (shown, cut) = Font::CODE.cut(text, room);
                assert_eq!(cut, shown != text, "{text}");
                assert!(Font::CODE.width(&shown) <= room.max(Font::CODE.width("…")), "{shown} in {room}");
            }
        }
    }

    #[test]
    fn two_lines_hold_the_text_or_say_that_they_do_not() {
        let text = "tcp dport 443 ip saddr @friends accept";
        let (one, two, cut) = Font::CODE.two_lines(text, 150, 300);
        assert_eq!(
            (one.as_str(), two.as_deref(), cut),
            ("tcp dport 443 ip", Some("saddr @friends accept"), false)
        );
        let (_, two, cut) = Font::CODE.two_lines(text, 150, 50);
        assert_eq!((two.as_deref(), cut), (Some("sadd…"), true));
        assert_eq!(Font::CODE.two_lines(text, 400, 50), (text.to_owned(), None, false));
        let (one, two, cut) = Font::CODE.two_lines(&"x".repeat(30), 150, 150);
        assert_eq!((one.len() + two.unwrap().len(), cut), (30, false));
    }

    #[test]
    fn width_grows_with_the_text() {
        assert_eq!(Font::CODE.width(""), 0);
        assert_eq!(Font::CODE.width("12345678"), 60);
        assert!(Font::HEADING.width("private") > Font::TEXT.width("private"));
    }
}
