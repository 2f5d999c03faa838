//! Reading files and the files that they include, within bounds.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::block::{DEEPEST, Origin};
use super::directive::{Directive, folder_of};
use crate::look::tree::Tree;

/// So many files of one configuration are read.
const MOST: usize = 500;
/// And so many bytes of them all.
const LONGEST: usize = 32 << 20;

/// What a language's includes are like.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    /// The directives of a text.
    pub(super) parse: fn(&str, &Origin, Depth) -> Vec<Directive>,
    /// The patterns of files that a directive includes; none where it is no include.
    pub(super) includes: fn(&Directive) -> Option<Vec<&str>>,
    /// What relative paths are relative to.
    pub(super) from: From,
    /// Whether a file may be included more than once.
    pub(super) again: Again,
}

/// Where a text is included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Outside of all blocks.
    Outer,
    /// Within a block.
    Nested,
}

/// What paths are relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The folder of the main file.
    Main,
    /// The folder of the file that they stand in.
    File,
}

/// Whether a file is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// Wherever it is included.
    Yes,
    /// No: it can stand in no other block.
    No,
}

/// Files of one configuration, of which so many and so much are left to be read.
#[derive(Debug)]
pub(super) struct Files<'a> {
    pub(super) tree: &'a Tree,
    count: usize,
    bytes: usize,
}

impl<'a> Files<'a> {
    pub(super) fn of(tree: &'a Tree) -> Self {
        Self { tree, count: MOST, bytes: LONGEST }
    }

    /// The text of one more file, where it may be read and is not one too many.
    pub(super) fn text(&mut self, path: &str, depth: usize) -> Option<String> {
        if depth > DEEPEST || self.count == 0 || self.bytes == 0 {
            return None;
        }
        self.count -= 1;
        let text = self.tree.read(path)?;
        self.bytes = self.bytes.saturating_sub(text.len());
        Some(text)
    }
}

/// Reads one language.
pub(super) struct Loader<'a> {
    files: Files<'a>,
    dialect: Dialect,
    seen: BTreeSet<String>,
}

impl<'a> Loader<'a> {
    pub(super) fn of(tree: &'a Tree, dialect: Dialect) -> Self {
        Self { files: Files::of(tree), dialect, seen: BTreeSet::new() }
    }

    /// The directives of a main file, with those that it includes in their places.
    pub(super) fn main(&mut self, path: &str) -> Vec<Directive> {
        self.load(path, &Arc::from(folder_of(path)), 0, Depth::Outer)
    }

    fn load(&mut self, path: &str, main: &Arc<str>, depth: usize, nested: Depth) -> Vec<Directive> {
        if self.dialect.again == Again::No && !self.seen.insert(path.to_owned()) {
            return Vec::new();
        }
        let Some(text) = self.files.text(path, depth) else { return Vec::new() };
        let folder = match self.dialect.from {
            From::Main => Arc::clone(main),
            From::File => Arc::from(folder_of(path)),
        };
        let directives = (self.dialect.parse)(&text, &Origin { file: Arc::from(path), folder }, nested);
        self.expanded(directives, main, depth, nested)
    }

    fn expanded(
        &mut self,
        directives: Vec<Directive>,
        main: &Arc<str>,
        depth: usize,
        nested: Depth,
    ) -> Vec<Directive> {
        let mut expanded = Vec::new();
        for mut directive in directives {
            if let Some(patterns) = (self.dialect.includes)(&directive) {
                for pattern in patterns.into_iter().filter(|pattern| !pattern.is_empty()) {
                    for path in self.files.tree.matching(&directive.path(pattern)) {
                        expanded.extend(self.load(&path, main, depth + 1, nested));
                    }
                }
                continue;
            }
            let block = std::mem::take(&mut directive.block);
            directive.block = self.expanded(block, main, depth, Depth::Nested);
            expanded.push(directive);
        }
        expanded
    }
}
