//! Reading scenario files: everything that can be wrong with one is found before anything is made.

use super::answer::Expected;
use super::error::ScenarioError;
use super::expect::Expectations;
use super::file::{EndEntry, File, OwnEntry, ProcessEntry, WaitEntry};
use super::substitute::references;
use crate::Transport;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A scenario that has been read and checked; [`Scenario::run`] stages it.
#[derive(Debug)]
pub struct Scenario {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) file: File,
    /// One for each step.
    pub(crate) expectations: Vec<Expectations>,
    pub(crate) expected: Option<Expected>,
}

/// What [`check`] makes of the expectations in a file.
type Checked = (Vec<Expectations>, Option<Expected>);

/// Every scenario file (`*.toml`) below `directory`, sorted. None at all is an error.
pub fn all(directory: impl AsRef<Path>) -> Result<Vec<PathBuf>, ScenarioError> {
    let directory = directory.as_ref();
    let mut found = Vec::new();
    collect(directory, &mut found)?;
    found.sort();
    if found.is_empty() { Err(ScenarioError::Empty(directory.into())) } else { Ok(found) }
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) -> Result<(), ScenarioError> {
    let unreadable = |source| ScenarioError::Unreadable { path: directory.into(), source };
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    Ok(())
}

impl Scenario {
    /// Reads and checks a file. Errors name file, line, column and key.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ScenarioError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path)
            .map_err(|source| ScenarioError::Unreadable { path: path.into(), source })?;
        Self::parse(path, &text)
    }

    /// Checks `text` as the content of the file `path`.
    pub fn parse(path: impl AsRef<Path>, text: &str) -> Result<Self, ScenarioError> {
        let path = path.as_ref();
        let parsed = toml::from_str(text)
            .map_err(|error| (error.span().map_or(0, |span| span.start), error.message().to_owned()));
        let checked = parsed.and_then(|file| Ok((check(&file, text)?, file)));
        match checked {
            Ok(((expectations, expected), file)) => {
                Ok(Self { path: path.into(), text: text.into(), file, expectations, expected })
            }
            Err((offset, message)) => {
                let (line, column) = place(text, offset);
                Err(ScenarioError::Invalid { path: path.into(), line, column, message })
            }
        }
    }

    /// The file it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it shows, in a sentence.
    pub fn description(&self) -> &str {
        &self.file.description
    }

    /// What `portreeve why` is to answer; none in a scenario of steps alone.
    pub fn expected(&self) -> Option<&Expected> {
        self.expected.as_ref()
    }

    /// Whether it has a server of TLS for [`Scenario::audited`].
    pub fn has_tls(&self) -> bool {
        self.file.tls.is_some()
    }

    /// Whether it starts a daemon of Docker, of which a machine of two cores bears one at a time.
    pub fn needs_docker(&self) -> bool {
        self.file.hosts.values().any(|host| host.as_ref().own == Some(OwnEntry::Docker))
    }

    pub(crate) fn line_at(&self, offset: usize) -> usize {
        place(&self.text, offset).0
    }
}

/// Line and column, both from 1, of a byte offset.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// A fault: the byte offset it is at, and what it is.
type Fault = (usize, String);

fn check(file: &File, text: &str) -> Result<Checked, Fault> {
    check_ends(file)?;
    check_files(file)?;
    let known = known_references(file)?;
    if let Some((offset, name)) = references(text).into_iter().find(|(_, name)| !known.contains(*name)) {
        let known = known.iter().map(String::as_str).collect::<Vec<_>>().join("`, `");
        return Err((offset, format!("unknown substitution `{name}`, expected one of `{known}`")));
    }
    if file.steps.is_empty() && file.why.is_none() && file.tls.is_none() {
        return Err((0, "`steps` is empty: the scenario would show nothing".into()));
    }
    let hosts = hosts(file);
    let mut expectations = Vec::new();
    for step in &file.steps {
        if let Some(host) = &step.as_ref().host {
            check_host(&hosts, host)?;
        }
        if step.as_ref().run.is_empty() {
            return Err((step.span().start, "`run` is empty".into()));
        }
        expectations.push(Expectations::new(&step.as_ref().expect)?);
    }
    if let Some(tls) = &file.tls {
        check_host(&hosts, &tls.as_ref().host)?;
    }
    let Some(why) = &file.why else { return Ok((expectations, None)) };
    check_host(&hosts, &why.as_ref().host)?;
    let answer = &why.as_ref().expect;
    let expected = Expected::new(answer.as_ref()).map_err(|message| (answer.span().start, message))?;
    Ok((expectations, Some(expected)))
}

fn hosts(file: &File) -> BTreeSet<&str> {
    let switches = file.switches.iter().map(|switch| switch.name.as_str());
    file.hosts.keys().map(String::as_str).chain(switches).collect()
}

fn check_host(hosts: &BTreeSet<&str>, host: &toml::Spanned<String>) -> Result<(), Fault> {
    if hosts.contains(host.as_ref().as_str()) {
        return Ok(());
    }
    let known = hosts.iter().copied().collect::<Vec<_>>().join("`, `");
    Err((host.span().start, format!("unknown host `{}`, expected one of `{known}`", host.as_ref())))
}

fn check_ends(file: &File) -> Result<(), Fault> {
    let hosts = hosts(file);
    let linked = file.links.iter().flat_map(|link| [&link.a, &link.b]);
    let switched = file.switches.iter().flat_map(|switch| &switch.ends);
    linked.chain(switched).try_for_each(|EndEntry { host, .. }| check_host(&hosts, host))
}

/// A file of the scratch directory has a relative path, a host's own file an absolute one.
fn check_files(file: &File) -> Result<(), Fault> {
    for entry in &file.files {
        let path = entry.path.as_ref();
        let wrong = |message: String| Err((entry.path.span().start, message));
        if path.is_empty() || path.split('/').any(|part| part == "..") {
            return wrong(format!("`path`: `{path}` names no file below a directory"));
        }
        match &entry.host {
            None if path.starts_with('/') => {
                return wrong(format!("`path`: `{path}` is absolute, which needs a `host`"));
            }
            None => {}
            Some(host) => {
                check_host(&hosts(file), host)?;
                if file.hosts.get(host.as_ref()).is_none_or(|host| host.as_ref().own.is_none()) {
                    return Err((host.span().start, format!("host `{}` has no `own` files", host.as_ref())));
                }
                if !["/etc/", "/var/", "/run/"].iter().any(|place| path.starts_with(place)) {
                    return wrong(format!("`path`: `{path}` is not below /etc, /var or /run"));
                }
            }
        }
    }
    Ok(())
}

fn known_references(file: &File) -> Result<BTreeSet<String>, Fault> {
    let mut known =
        BTreeSet::from(["scratch", "portreeve", "actor", "lab", "openssl", "python"].map(String::from));
    for (name, host) in &file.hosts {
        known.extend(["netns_path", "inode", "holder"].map(|kind| format!("{kind}:{name}")));
        if host.as_ref().named {
            known.insert(format!("netns:{name}"));
        }
        for process in &host.as_ref().processes {
            check_process(process.as_ref()).map_err(|message| (process.span().start, message))?;
            if let Some(id) = &process.as_ref().id
                && !known.insert(format!("pid:{}", id.as_ref()))
            {
                return Err((id.span().start, format!("`id`: a second process `{}`", id.as_ref())));
            }
        }
    }
    Ok(known)
}

fn check_process(process: &ProcessEntry) -> Result<(), String> {
    match (&process.actor, &process.command, &process.shell) {
        (Some(text), None, None) | (None, None, Some(text)) if !text.trim().is_empty() => {}
        (None, Some(command), None) if !command.is_empty() => {}
        _ => return Err("a process needs one of `actor`, `command`, `shell`, not empty".into()),
    }
    match process.wait.as_ref().map(toml::Spanned::as_ref) {
        None
        | Some(
            WaitEntry { listening: None, line: Some(_), success: None, exit: None }
            | WaitEntry { listening: None, line: None, success: Some(_), exit: None }
            | WaitEntry { listening: None, line: None, success: None, exit: Some(_) },
        ) => Ok(()),
        Some(WaitEntry { listening: Some(listening), line: None, success: None, exit: None }) => {
            parse_listening(listening).map(drop)
        }
        Some(_) => Err("`wait` needs one of `listening`, `line`, `success`, `exit`".into()),
    }
}

/// `tcp/8080` or `udp/53`.
pub(crate) fn parse_listening(text: &str) -> Result<(Transport, u16), String> {
    let parsed = text.split_once('/').and_then(|(transport, port)| {
        let transport = [Transport::Tcp, Transport::Udp].into_iter().find(|one| one.name() == transport)?;
        Some((transport, port.parse().ok()?))
    });
    parsed.ok_or_else(|| format!("`listening`: `{text}` is not like `tcp/8080` or `udp/53`"))
}
