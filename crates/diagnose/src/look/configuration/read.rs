//! From main files to directives.

use super::directive::Directive;
use super::loader::Loader;
use super::mains::Mains;
use super::{apache, caddy, haproxy, lines, nginx};
use crate::facts::service::Language;
use crate::look::tree::Tree;

/// What a configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::look) struct Configuration {
    /// The main files that are there.
    pub(in crate::look) files: Vec<String>,
    /// What they say, one file after the other.
    pub(in crate::look) directives: Vec<Directive>,
}

/// Reads a configuration from its main files.
pub(in crate::look) fn read(language: Language, mains: &Mains, tree: &Tree) -> Configuration {
    let files: Vec<String> = mains.files.iter().flat_map(|pattern| tree.matching(pattern)).collect();
    let dialect = match language {
        Language::Nginx => nginx::DIALECT,
        Language::Haproxy => haproxy::DIALECT,
        Language::Caddy => caddy::DIALECT,
        Language::Keyed(_) | Language::None => lines::DIALECT,
        // What it says depends on what was said before: it has a way of its own.
        Language::Apache => {
            let directives = files.iter().flat_map(|file| apache::load(file, mains, tree)).collect();
            return Configuration { files, directives };
        }
    };
    let mut loader = Loader::of(tree, dialect);
    let directives = files.iter().flat_map(|file| loader.main(file)).collect();
    Configuration { files, directives }
}
