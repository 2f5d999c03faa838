//! Text that others chose, made harmless.
//!
//! A process may call itself anything, line breaks and terminal escapes included. Fields that carry a name carry it as
//! it is; sentences and tables, which a person or a log reads, carry it escaped, so that nobody can forge a line.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};

/// Displays text that a process, a container or a file chose, so that it can neither drive the terminal nor
/// reorder what stands beside it: control and bidirectional formatting characters are shown as escapes.
#[derive(Clone, Copy, Debug)]
pub struct Clean<'a>(pub &'a str);

impl Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_clean(self.0) {
            return f.write_str(self.0);
        }
        for character in self.0.chars() {
            if !is_harmful(character) {
                f.write_char(character)?;
            } else if character.is_ascii() {
                write!(f, "\\x{:02x}", u32::from(character))?;
            } else {
                write!(f, "{}", character.escape_unicode())?;
            }
        }
        Ok(())
    }
}

/// `text` with what [`Clean`] would escape, escaped.
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_clean(text) { Cow::Borrowed(text) } else { Cow::Owned(Clean(text).to_string()) }
}

/// The same, in place.
pub fn make_clean(text: &mut String) {
    if !is_clean(text) {
        *text = Clean(text).to_string();
    }
}

/// Whether nothing in it needs an escape.
pub fn is_clean(text: &str) -> bool {
    // The common case is decided by bytes: printable ASCII.
    text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) || !text.chars().any(is_harmful)
}

fn is_harmful(character: char) -> bool {
    // Bidirectional formatting: Unicode Standard Annex 9, section 2. U+2028 and U+2029 break lines.
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{Clean, clean};

    #[test]
    fn a_name_cannot_begin_a_line_of_its_own() {
        let text = "held by x\nhigh fake/id \u{1b}[31m\u{202e}";
        assert_eq!(clean(text), "held by x\\x0ahigh fake/id \\x1b[31m\\u{202e}");
        assert_eq!(Clean("held by nginx (pid 7), Müller").to_string(), "held by nginx (pid 7), Müller");
    }
}
