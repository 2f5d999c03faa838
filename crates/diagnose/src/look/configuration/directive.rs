//! What all configurations are made of.

use std::sync::Arc;

/// One directive, setting or head of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::look) struct Directive {
    /// Its name and values, without quotes. Where the language does not tell `Listen` from `listen`, the name
    /// is in small letters; that of a section of Apache begins with `<`. The block of Caddy's options for
    /// everything has none.
    pub(in crate::look) words: Vec<String>,
    /// The text, to be shown.
    pub(in crate::look) text: String,
    /// The file it stands in.
    pub(in crate::look) file: Arc<str>,
    /// The folder that paths are relative to here.
    pub(in crate::look) folder: Arc<str>,
    /// The line it begins in, from 1.
    pub(in crate::look) line: usize,
    /// What stands in its block, included files in their places.
    pub(in crate::look) block: Vec<Directive>,
}

impl Directive {
    /// Its name.
    pub(in crate::look) fn name(&self) -> &str {
        self.word(0)
    }

    /// Its first value.
    pub(in crate::look) fn value(&self) -> &str {
        self.word(1)
    }

    /// A word of it; empty where there are not so many.
    pub(in crate::look) fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    /// What follows its name.
    pub(in crate::look) fn values(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// A path that it names, from the root.
    pub(in crate::look) fn path(&self, written: &str) -> String {
        joined(&self.folder, written)
    }

    /// The directives of a name in its block.
    pub(in crate::look) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Directive> {
        self.block.iter().filter(move |directive| directive.name() == name)
    }
}

/// The directives and all in their blocks, each head before its block.
pub(in crate::look) fn every(directives: &[Directive]) -> Vec<&Directive> {
    let mut found = Vec::new();
    for directive in directives {
        found.push(directive);
        found.extend(every(&directive.block));
    }
    found
}

/// `path`, which may be relative to `folder`.
pub(in crate::look) fn joined(folder: &str, path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", folder.trim_end_matches('/')) }
}

/// The folder of a path.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
