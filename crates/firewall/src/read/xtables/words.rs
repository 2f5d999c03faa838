//! A line of a save file as words: what `iptables-restore` makes of spaces, quotes and backslashes
//! (`iptables/xshared.c`: `add_param_to_argv`).

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Without quotes and escapes.
    pub(super) text: String,
    /// It stood in quotes: then it is no option, even where it begins with a hyphen.
    pub(super) quoted: bool,
}

/// Splits a line. `None` where a quote is not closed.
pub(super) fn split(line: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut word = Word { text: String::new(), quoted: false };
    let mut open = false;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' if open => word.text.push(characters.next()?),
            '"' => {
                open = !open;
                word.quoted = true;
            }
            ' ' | '\t' if !open => {
                if word.quoted || !word.text.is_empty() {
                    words.push(std::mem::replace(&mut word, Word { text: String::new(), quoted: false }));
                }
            }
            _ => word.text.push(character),
        }
    }
    if word.quoted || !word.text.is_empty() {
        words.push(word);
    }
    (!open).then_some(words)
}

/// A word as a save file would hold it.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\');
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for character in text.chars() {
        if matches!(character, '"' | '\\' | '\'') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::{quoted, split};

    fn texts(line: &str) -> Vec<String> {
        split(line).unwrap().into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn quotes_hold_words_together_and_backslashes_escape_inside_them() {
        assert_eq!(
            texts(r#"-A X --comment "it\'s \"a\" b\\c"  -j Y"#),
            ["-A", "X", "--comment", r#"it's "a" b\c"#, "-j", "Y"]
        );
        assert_eq!(texts(r"--string a\b"), ["--string", r"a\b"]);
        assert_eq!(texts(r#"--log-prefix """#), ["--log-prefix", ""]);
        assert!(split(r#"--comment "open"#).is_none());
    }

    #[test]
    fn quoting_is_undone_by_splitting() {
        for text in ["", "plain", "two words", r#"a"b"#, r"a\b", "it's"] {
            assert_eq!(texts(&quoted(text)), [text]);
        }
    }
}
