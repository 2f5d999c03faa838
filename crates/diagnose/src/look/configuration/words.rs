//! Words of a line, quoted or not, where a quote begins and ends a word (Apache, Caddy).

/// The words of a line, up to one that begins with the sign of a comment. A quote behind a backslash ends
/// nothing.
pub(super) fn words(line: &str, quotes: [char; 2], comment: Option<char>) -> Vec<String> {
    let mut words = Vec::new();
    let mut characters = line.chars().peekable();
    while let Some(first) = characters.next() {
        if first.is_whitespace() {
            continue;
        }
        if Some(first) == comment {
            break;
        }
        let mut word = String::new();
        if quotes.contains(&first) {
            while let Some(next) = characters.next_if(|next| *next != first) {
                word.push(next);
                if next == '\\' && characters.next_if_eq(&first).is_some() {
                    word.pop();
                    word.push(first);
                }
            }
            characters.next();
        } else {
            word.push(first);
            while let Some(next) = characters.next_if(|next| !next.is_whitespace()) {
                word.push(next);
            }
        }
        words.push(word);
    }
    words
}
