//! Foreign text on a terminal: measured in columns, shortened in the middle, wrapped at blanks.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub use portreeve_model::text::{Clean, clean, is_clean};

/// Columns that `text` takes on a terminal.
pub fn columns(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// `text` in at most `width` columns: the middle gives way to `…`, since both ends tell most (`/usr/…/postgres`,
/// `2001:db8…::1`).
pub fn shorten(text: &str, width: usize) -> Cow<'_, str> {
    if columns(text) <= width {
        return Cow::Borrowed(text);
    }
    let Some(room) = width.checked_sub(1) else { return Cow::Borrowed("") };
    let head = prefix(text.chars(), room.div_ceil(2));
    let tail: String = prefix(text.chars().rev(), room / 2).chars().rev().collect();
    Cow::Owned(format!("{head}…{tail}"))
}

fn prefix(characters: impl Iterator<Item = char>, width: usize) -> String {
    let mut left = width;
    characters
        .take_while(|character| {
            let fits = left.checked_sub(character.width().unwrap_or(0));
            left = fits.unwrap_or(0);
            fits.is_some()
        })
        .collect()
}

/// `text` as lines of at most `width` columns, broken at blanks; a word that does not fit a line is shortened.
/// Never empty.
pub fn wrap(text: &str, width: usize) -> Vec<Cow<'_, str>> {
    if columns(text) <= width {
        return vec![Cow::Borrowed(text)];
    }
    let mut lines: Vec<Cow<'_, str>> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word = shorten(word, width);
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(&word) <= width => {
                let line = line.to_mut();
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    if lines.is_empty() {
        lines.push(Cow::Borrowed(""));
    }
    lines
}

/// `text` with its first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::{Clean, clean, columns, shorten, wrap};

    #[test]
    fn escapes_what_drives_or_reorders_a_terminal() {
        assert_eq!(Clean("a\x1b[31mb\n").to_string(), "a\\x1b[31mb\\x0a");
        assert_eq!(Clean("evil\u{202e}txt").to_string(), "evil\\u{202e}txt");
        assert_eq!(Clean("\u{9b}2J").to_string(), "\\u{9b}2J");
        assert_eq!(clean("größe 名"), "größe 名");
    }

    #[test]
    fn shortens_in_the_middle_to_the_column() {
        assert_eq!(shorten("abcdefghij", 10), "abcdefghij");
        assert_eq!(shorten("abcdefghij", 9), "abcd…ghij");
        assert_eq!(shorten("abcdefghij", 2), "a…");
        assert_eq!(shorten("abcdefghij", 1), "…");
        assert_eq!(shorten("abcdefghij", 0), "");
        assert!(columns(&shorten("名前名前名前", 7)) <= 7);
    }

    #[test]
    fn wraps_at_blanks_and_never_exceeds_the_width() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("averyveryverylongword x", 7), ["ave…ord", "x"]);
        assert_eq!(wrap("", 5), [""]);
    }
}
