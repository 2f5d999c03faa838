//! `explained.toml`: the differences that are known, each with its reason.

use crate::differences::Difference;
use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Explained {
    difference: Vec<Entry>,
}

/// A kind of difference, and where it comes from. In the first four a `*` stands for any text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    server: String,
    peer: String,
    question: String,
    ours: String,
    theirs: String,
    /// Why, and who is right.
    why: String,
}

impl Explained {
    /// The file, which is part of the test.
    pub(crate) fn load() -> Self {
        let explained: Self = toml::from_str(include_str!("explained.toml")).expect("explained.toml");
        for entry in &explained.difference {
            assert!(entry.why.len() > 20, "no reason: {entry:?}");
            assert!(["sslyze", "sslscan"].contains(&entry.peer.as_str()), "no such peer: {entry:?}");
        }
        explained
    }

    /// What is not explained, and the explanations of what does not occur.
    pub(crate) fn judge<'a>(&'a self, found: &'a [Difference]) -> (Vec<&'a Difference>, Vec<&'a Entry>) {
        let unexplained = found.iter().filter(|one| !self.difference.iter().any(|entry| entry.explains(one)));
        let idle = self.difference.iter().filter(|entry| !found.iter().any(|one| entry.explains(one)));
        (unexplained.collect(), idle.collect())
    }
}

impl Entry {
    fn explains(&self, one: &Difference) -> bool {
        fits(&self.server, &one.server)
            && self.peer == one.peer
            && fits(&self.question, &one.question)
            && fits(&self.ours, &one.ours)
            && fits(&self.theirs, &one.theirs)
    }

    /// Which it is, in one line.
    pub(crate) fn line(&self) -> String {
        let Self { server, peer, question, why, .. } = self;
        format!("{server}, {peer}, {question}: {why}")
    }
}

/// Whether a text is as a pattern says, in which `*` stands for any text. A `|` parts patterns.
fn fits(pattern: &str, text: &str) -> bool {
    pattern.split('|').any(|pattern| {
        let mut parts = pattern.split('*');
        let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            let Some((_, after)) = rest.split_once(part) else { return false };
            rest = after;
        }
        true
    })
}

#[test]
fn patterns() {
    for (pattern, text) in
        [("a", "a"), ("a*", "ab"), ("*", ""), ("a*c*e", "abcde"), ("x|a*", "ab"), ("*SEED*", "TLS_SEED_X")]
    {
        assert!(fits(pattern, text), "{pattern} {text}");
    }
    for (pattern, text) in [("a", "ab"), ("a*", "ba"), ("a*c*e", "abde"), ("", "a")] {
        assert!(!fits(pattern, text), "{pattern} {text}");
    }
}
