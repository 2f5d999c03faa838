//! The text of an assertion as words with their places. White space separates; double quotes keep together.

/// One word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// Bytes from the start of the text.
    pub(super) offset: usize,
    /// The word, without quotes.
    pub(super) text: &'a str,
    /// It stood in quotes: it is a name, whatever it looks like.
    pub(super) quoted: bool,
}

/// The words of `text`. A word that ends with a comma goes on with the next: `tcp/80, 443` is `tcp/80,` and `443`.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return words;
        }
        let offset = text.len() - rest.len();
        let (word, after, quoted) = if let Some(open) = rest.strip_prefix('"') {
            // A quote that is never closed reaches to the end.
            let (word, after) = open.split_once('"').unwrap_or((open, ""));
            (word, after, true)
        } else {
            let (word, after) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
            (word, after, false)
        };
        words.push(Word { offset: offset + usize::from(quoted), text: word, quoted });
        rest = after;
    }
}
