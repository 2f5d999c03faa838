//! Patterns for names: `*`, `?`, and `\` to take the next character as it is.

use std::fmt;

/// A pattern for a whole name. `*` stands for any characters, `?` for one, `\` takes the next one literally.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern(Box<str>);

impl Pattern {
    /// A pattern. Every text is one.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The pattern that matches exactly `name`.
    pub fn literal(name: &str) -> Self {
        let mut text = String::with_capacity(name.len());
        for c in name.chars() {
            if matches!(c, '*' | '?' | '\\') {
                text.push('\\');
            }
            text.push(c);
        }
        Self(text.into())
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `name` matches.
    pub fn matches(&self, name: &str) -> bool {
        glob(&self.0, name, |pattern, c| pattern == c)
    }

    /// Whether `name` matches, upper and lower case being the same.
    pub fn matches_ignoring_case(&self, name: &str) -> bool {
        glob(&self.0, name, |pattern, c| pattern == c || pattern.to_lowercase().eq(c.to_lowercase()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Greedy matching that goes back to the last `*` only: at most `pattern` times `name` steps.
fn glob(pattern: &str, name: &str, same: impl Fn(char, char) -> bool) -> bool {
    let (mut pattern, mut name) = (pattern.chars(), name.chars());
    let mut retry = None;
    loop {
        let mut after = pattern.clone();
        let mut rest = name.clone();
        let matched = match after.next() {
            Some('*') => {
                retry = Some((after.clone(), name.clone()));
                pattern = after;
                continue;
            }
            None => match rest.next() {
                None => return true,
                Some(_) => false,
            },
            Some('?') => rest.next().is_some(),
            Some('\\') => {
                let literal = after.next().unwrap_or('\\');
                rest.next().is_some_and(|c| same(literal, c))
            }
            Some(literal) => rest.next().is_some_and(|c| same(literal, c)),
        };
        if matched {
            (pattern, name) = (after, rest);
            continue;
        }
        // The last `*` takes one character more.
        let Some((from, mut at)) = retry.take() else { return false };
        if at.next().is_none() {
            return false;
        }
        retry = Some((from.clone(), at.clone()));
        (pattern, name) = (from, at);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Pattern;

    #[test]
    fn globs() {
        for (pattern, name, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "abc", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*ab", "aab", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            (r"\*", "*", true),
            (r"\*", "a", false),
            ("\\", "\\", true),
            ("nginx", "nginx", true),
            ("nginx", "nginx2", false),
            ("é?", "éa", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(name), expected, "{pattern} {name}");
        }
        assert!(Pattern::new("/TMP/.x11-*").matches_ignoring_case("/tmp/.X11-unix"));
    }

    #[test]
    fn hostile_patterns_end_soon() {
        assert!(!Pattern::new("*a".repeat(500) + "b").matches(&"a".repeat(2_000)));
    }

    proptest! {
        #[test]
        fn a_literal_matches_itself_only(name in any::<String>(), other in any::<String>()) {
            prop_assert!(Pattern::literal(&name).matches(&name));
            prop_assert_eq!(Pattern::literal(&name).matches(&other), name == other);
        }
    }
}
