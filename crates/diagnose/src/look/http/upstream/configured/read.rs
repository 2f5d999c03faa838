//! Reading the configuration of a process that is a proxy.

use portreeve_model::Process;

use super::{Asked, Configured, apache, caddy, haproxy, nginx};
use crate::facts::service::{Language, Software};
use crate::look::configuration::{self, Mains};
use crate::look::tree::Tree;

/// A configuration that was read.
#[derive(Debug, Default)]
pub(in super::super) struct Read {
    /// Its main file; none where the software is not known, or is no proxy.
    pub(in super::super) file: Option<String>,
    /// The upstreams it names.
    pub(in super::super) upstreams: Vec<Configured>,
}

/// Reads the configuration of a process.
pub(in super::super) fn read(process: &Process, tree: &Tree, asked: &Asked) -> Read {
    let Some(software) = Software::of_process(process) else { return Read::default() };
    if matches!(software.language, Language::Keyed(_) | Language::None) {
        return Read::default();
    }
    of_files(software.language, &Mains::of_process(Some(software), process, tree), tree, asked)
}

/// Reads it from its main files.
pub(super) fn of_files(language: Language, mains: &Mains, tree: &Tree, asked: &Asked) -> Read {
    let configuration::Configuration { files, directives } = configuration::read(language, mains, tree);
    let upstreams = match language {
        Language::Nginx => nginx::upstreams(&directives, asked),
        Language::Apache => apache::upstreams(&directives, asked),
        Language::Haproxy => haproxy::upstreams(&directives, asked),
        Language::Caddy => caddy::upstreams(&directives, &files, tree, asked),
        Language::Keyed(_) | Language::None => Vec::new(),
    };
    // The name of a file that is not there tells more than none.
    Read { file: files.into_iter().next().or_else(|| mains.files.first().cloned()), upstreams }
}
