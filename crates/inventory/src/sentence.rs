//! Names that others chose, inside sentences that we write.
//!
//! A process may call itself anything, line breaks and terminal escapes included. Fields that carry a name carry it as
//! it is; a sentence that a person or a log reads carries it with such characters shown, so that nobody can forge a
//! line of it.

/// Shows control characters and those that turn the direction of text as `\\u{..}`.
pub(crate) fn shown(text: &mut String) {
    if text.chars().any(is_unfit) {
        *text = text.chars().fold(String::with_capacity(text.len() + 8), |mut shown, c| {
            if is_unfit(c) {
                shown.extend(c.escape_unicode());
            } else {
                shown.push(c);
            }
            shown
        });
    }
}

/// C0, C1, and the bidirectional controls of Unicode (UAX 9).
fn is_unfit(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_name_cannot_begin_a_line_of_its_own() {
        let mut text = "held by x\nhigh fake/id \u{1b}[31m\u{202e}".to_owned();
        shown(&mut text);
        assert_eq!(text, "held by x\\u{a}high fake/id \\u{1b}[31m\\u{202e}");
        let mut plain = "held by nginx (pid 7), Müller".to_owned();
        shown(&mut plain);
        assert_eq!(plain, "held by nginx (pid 7), Müller");
    }
}
