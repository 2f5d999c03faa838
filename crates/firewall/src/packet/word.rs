//! The text of a packet as words with their places. White space, commas and semicolons separate; double quotes keep together.

/// One word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// Bytes from the start of the text.
    pub(super) offset: usize,
    /// The word, without quotes.
    pub(super) text: &'a str,
}

/// The words of `text`.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(is_separator);
        if rest.is_empty() {
            return words;
        }
        let offset = text.len() - rest.len();
        let (word, after) = match rest.strip_prefix('"') {
            // A quote that is never closed reaches to the end.
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_at(rest.find(is_separator).unwrap_or(rest.len())),
        };
        words.push(Word { offset, text: word });
        rest = after;
    }
}

pub(super) fn is_separator(character: char) -> bool {
    character.is_whitespace() || matches!(character, ',' | ';')
}

#[cfg(test)]
mod tests {
    use super::{Word, words};

    #[test]
    fn words_know_their_place() {
        let found = words(" from 10.0.0.1,\"odd, name\" x");
        let expected = [(1, "from"), (6, "10.0.0.1"), (15, "odd, name"), (27, "x")];
        assert_eq!(found, expected.map(|(offset, text)| Word { offset, text }));
        assert_eq!(words("iif \"open"), [Word { offset: 0, text: "iif" }, Word { offset: 4, text: "open" }]);
        assert_eq!(words(" , ;"), []);
    }
}
