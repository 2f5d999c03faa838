//! Blocks while they are read.

use std::sync::Arc;

use super::directive::Directive;

/// Blocks in blocks, and files in files, are followed so deep.
pub(super) const DEEPEST: usize = 24;

/// Where directives stand.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) file: Arc<str>,
    pub(super) folder: Arc<str>,
}

impl Origin {
    /// A directive of this file.
    pub(super) fn directive(&self, words: Vec<String>, text: String, line: usize) -> Directive {
        Directive {
            words,
            text,
            file: Arc::clone(&self.file),
            folder: Arc::clone(&self.folder),
            line,
            block: Vec::new(),
        }
    }
}

/// Puts directives into the blocks that are open.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    done: Vec<Directive>,
    heads: Vec<Directive>,
    /// Blocks that are open beyond the deepest: what is in them is put into the deepest.
    beyond: usize,
}

impl Blocks {
    /// How many blocks are open.
    pub(super) fn depth(&self) -> usize {
        self.heads.len() + self.beyond
    }

    /// Adds a directive to the innermost block.
    pub(super) fn push(&mut self, directive: Directive) {
        self.heads.last_mut().map_or(&mut self.done, |head| &mut head.block).push(directive);
    }

    /// Opens a block.
    pub(super) fn open(&mut self, head: Directive) {
        if self.heads.len() < DEEPEST {
            self.heads.push(head);
        } else {
            self.beyond += 1;
            self.push(head);
        }
    }

    /// Closes the innermost block; one that was never opened closes nothing.
    pub(super) fn close(&mut self) {
        if self.beyond > 0 {
            self.beyond -= 1;
        } else if let Some(head) = self.heads.pop() {
            self.push(head);
        }
    }

    /// All that was read. A block that is not closed ends with the text.
    pub(super) fn finish(mut self) -> Vec<Directive> {
        while self.depth() > 0 {
            self.close();
        }
        self.done
    }
}
