//! The kernel of a namespace, a snapshot file, or files with rules: read into one [`Firewall`].

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use portreeve_firewall::read::{Firewall, Programs, live, snapshot};
use portreeve_linux::namespace::NetworkNamespace;
use portreeve_model::reach::{Limit, RulesSource};

use super::files;
use crate::engine::{RulesFrom, Scope};
use crate::error::CommandError;
use crate::machine::scope;

/// Rules, and where they are from.
pub(super) struct Read {
    /// What was read.
    pub(super) firewall: Firewall,
    /// For the document.
    pub(super) from: RulesSource,
    /// What was assumed of a host that was described by hand.
    pub(super) described: Option<Limit>,
}

pub(super) fn read(from: &RulesFrom) -> Result<Read, CommandError> {
    match from {
        RulesFrom::Kernel(scope) => {
            Ok(Read { firewall: kernel(scope)?, from: RulesSource::Live, described: None })
        }
        RulesFrom::Snapshot(path) => {
            let firewall = snapshot::from_text(&text_of(path)?).map_err(|error| {
                CommandError::usage(format!("{} cannot be used", path.display())).caused_by(error)
            })?;
            let from = RulesSource::Snapshot { file: path.display().to_string() };
            Ok(Read { firewall, from, described: None })
        }
        RulesFrom::Files { rules, addresses, routes } => files::read(rules, addresses, routes),
    }
}

fn kernel(scope: &Scope) -> Result<Firewall, CommandError> {
    let programs = Programs::default();
    match open(scope)? {
        None => Ok(live::read(&programs)),
        Some(namespace) => namespace.within(|| live::read(&programs)).map_err(scope::not_entered),
    }
}

/// The namespace to enter; none where it is the own one.
fn open(scope: &Scope) -> Result<Option<NetworkNamespace>, CommandError> {
    match scope {
        Scope::Own => Ok(None),
        Scope::All => Err(CommandError::usage("`reach` asks the rules of one network namespace")
            .hint("name it: --netns NAME; without --netns it is this one")),
        other => scope::open(other).map(Some),
    }
}

/// A file's text; `-` is standard input. What is not UTF-8 is replaced.
pub(super) fn text_of(path: &Path) -> Result<String, CommandError> {
    let bytes = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    let bytes = bytes.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => CommandError::usage(format!("there is no file {}", path.display())),
        _ => CommandError::usage(format!("cannot read {}", path.display())).caused_by(error),
    })?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}
