//! The journal of a run: each finished host with its audits, one JSON object a line. An interrupted run goes on by it.
//!
//! A line is written in one piece; half a line, as a machine that loses its power leaves behind, is taken out when it is read.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use portreeve_model::tls::Audit;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::engine::{TlsAddresses, TlsExplain, TlsQuestions};
use crate::error::CommandError;

/// Name and version of the form of a journal.
const SCHEMA: &str = "portreeve.tls.journal/1";

/// The first line: what was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Head {
    schema: String,
    asked: Asked,
}

/// What of the questions makes answers that can not stand beside each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Asked {
    sni: Option<String>,
    all_addresses: bool,
    explain: String,
    jarm: bool,
    dns: bool,
    connections: u32,
}

/// A further line: a host that is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// What tells it from the others.
    pub(super) host: String,
    /// Its audits.
    pub(super) audits: Vec<Audit>,
}

/// A journal that is read and written by this run alone.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// Where the entries begin; none in a new one.
    entries: Option<u64>,
}

impl Journal {
    /// Opens a journal of the same questions, or makes a new one.
    pub(super) fn open(path: &Path, questions: &TlsQuestions) -> Result<Self, CommandError> {
        let cannot = |doing: &str, error: io::Error| {
            CommandError::usage(format!("cannot {doing} the journal {}", path.display())).caused_by(error)
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            // What a server of the inside is like is nobody else's business.
            .mode(0o600)
            .open(path)
            .map_err(|error| cannot("open", error))?;
        if !file.metadata().map_err(|error| cannot("look at", error))?.is_file() {
            return Err(CommandError::usage(format!("{} is no file", path.display()))
                .hint("--resume takes the name of a file; it is made where there is none"));
        }
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            CommandError::usage(format!("another run is writing to the journal {}", path.display()))
                .hint("wait for it, or name another file")
        })?;
        let mut journal = Self { path: path.to_owned(), file, entries: None };
        journal.head(&asked(questions))?;
        Ok(journal)
    }

    /// Whether there is nothing in it.
    pub(super) fn is_new(&self) -> bool {
        self.entries.is_none()
    }

    /// Reads the first line, or writes it.
    fn head(&mut self, asked: &Asked) -> Result<(), CommandError> {
        let mut line = Vec::new();
        // As long as the first line of a journal can be: another file is not read into memory.
        let mut reader = BufReader::new((&self.file).take(1 << 16));
        reader.read_until(b'\n', &mut line).map_err(|error| self.cannot("read", error))?;
        if line.last() != Some(&b'\n') {
            let begins = || Head { schema: SCHEMA.to_owned(), asked: asked.clone() };
            let whole = serde_json::to_vec(&begins()).unwrap_or_default();
            // The first line of a run that ended while it was written.
            if !whole.starts_with(&line) {
                return Err(self.is_none());
            }
            self.end_at(0)?;
            return self.append(&begins());
        }
        let head: Head = serde_json::from_slice(&line).map_err(|_| self.is_none())?;
        if head.schema != SCHEMA {
            return Err(self.is_none());
        }
        if let Some(other) = difference(&head.asked, asked) {
            return Err(CommandError::usage(format!(
                "the journal {} is of a run with other options: {other}",
                self.path.display()
            ))
            .hint("give the same options, or name another file"));
        }
        self.entries = Some(line.len() as u64);
        Ok(())
    }

    /// Gives every entry, one after the other. Afterwards the journal stands at its end.
    pub(super) fn read(
        &mut self,
        mut each: impl FnMut(Entry) -> Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        let Some(start) = self.entries else { return Ok(()) };
        let mut at = start;
        (&self.file).seek(SeekFrom::Start(start)).map_err(|error| self.cannot("read", error))?;
        let mut reader = BufReader::with_capacity(1 << 16, &self.file);
        let mut line = Vec::new();
        for number in 2_usize.. {
            line.clear();
            reader.read_until(b'\n', &mut line).map_err(|error| self.cannot("read", error))?;
            if line.last() != Some(&b'\n') {
                break;
            }
            let entry = serde_json::from_slice(&line).map_err(|error| {
                CommandError::usage(format!(
                    "line {number} of the journal {} is not understood",
                    self.path.display()
                ))
                .caused_by(error)
                .hint("take the line out, or name another file")
            })?;
            each(entry)?;
            at += line.len() as u64;
        }
        self.end_at(at)
    }

    /// Adds a host that is done.
    pub(super) fn write(&mut self, host: &str, audits: &[Audit]) -> Result<(), CommandError> {
        self.append(&Entry { host: host.to_owned(), audits: audits.to_vec() })
    }

    fn append(&mut self, line: &impl Serialize) -> Result<(), CommandError> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        (&self.file).write_all(&bytes).map_err(|error| self.cannot("write", error))
    }

    /// Takes out what stands behind a place, and goes on writing there.
    fn end_at(&mut self, at: u64) -> Result<(), CommandError> {
        self.file.set_len(at).map_err(|error| self.cannot("write", error))?;
        (&self.file).seek(SeekFrom::Start(at)).map_err(|error| self.cannot("write", error))?;
        Ok(())
    }

    fn cannot(&self, doing: &str, error: io::Error) -> CommandError {
        CommandError::internal(format!("cannot {doing} the journal {}", self.path.display()), error)
    }

    fn is_none(&self) -> CommandError {
        CommandError::usage(format!("{} is no journal of this command", self.path.display()))
            .hint("--resume takes a file of its own; it is made where there is none")
    }
}

fn asked(questions: &TlsQuestions) -> Asked {
    Asked {
        sni: questions.server_name.clone(),
        all_addresses: questions.addresses == TlsAddresses::All,
        explain: match questions.explain {
            TlsExplain::No => "no",
            TlsExplain::Best => "best",
            TlsExplain::Tls12 => "1.2",
            TlsExplain::Tls13 => "1.3",
        }
        .to_owned(),
        jarm: questions.jarm,
        dns: questions.records,
        connections: questions.connections,
    }
}

/// What is otherwise, for people.
fn difference(then: &Asked, now: &Asked) -> Option<String> {
    let sni =
        |asked: &Asked| asked.sni.as_ref().map_or("no --sni".to_owned(), |name| format!("--sni {name}"));
    let flag = |name: &str, given: bool| if given { name.to_owned() } else { format!("no {name}") };
    let pairs = [
        (sni(then), sni(now)),
        (flag("--all-addresses", then.all_addresses), flag("--all-addresses", now.all_addresses)),
        (format!("--explain={}", then.explain), format!("--explain={}", now.explain)),
        (flag("--jarm", then.jarm), flag("--jarm", now.jarm)),
        (flag("--no-dns", !then.dns), flag("--no-dns", !now.dns)),
        (format!("--connections {}", then.connections), format!("--connections {}", now.connections)),
    ];
    let other: Vec<String> = pairs
        .into_iter()
        .filter(|(then, now)| then != now)
        .map(|(then, now)| format!("{then} then, {now} now"))
        .collect();
    (!other.is_empty()).then(|| other.join("; "))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use portreeve_model::tls::{Audit, Outcome, Target};

    use super::Journal;
    use crate::engine::{TlsAddresses, TlsExplain, TlsQuestions};
    use crate::error::Fault;

    fn questions() -> TlsQuestions {
        TlsQuestions {
            server_name: None,
            per_second: None,
            connections: 400,
            timeout: Duration::from_secs(4),
            addresses: TlsAddresses::First,
            jarm: false,
            records: true,
            explain: TlsExplain::No,
        }
    }

    fn audit(host: &str) -> Audit {
        let target = Target {
            text: host.to_owned(),
            host: host.to_owned(),
            port: 443,
            address: None,
            other_addresses: Vec::new(),
            server_name: None,
        };
        Audit::empty(target, Outcome::Audited)
    }

    fn hosts(path: &Path) -> Vec<String> {
        let mut hosts = Vec::new();
        let mut journal = Journal::open(path, &questions()).unwrap();
        journal
            .read(|entry| {
                assert_eq!(entry.audits.len(), 1);
                hosts.push(entry.host);
                Ok(())
            })
            .unwrap();
        hosts
    }

    #[test]
    fn what_was_written_is_read_again_and_half_a_line_is_taken_out() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("journal");
        let mut journal = Journal::open(&path, &questions()).unwrap();
        assert!(journal.is_new());
        journal.write("a:443", &[audit("a")]).unwrap();
        journal.write("b:443", &[audit("b")]).unwrap();
        drop(journal);
        let whole = fs::read(&path).unwrap();
        assert_eq!(hosts(&path), ["a:443", "b:443"]);
        assert_eq!(fs::read(&path).unwrap(), whole);
        let first_line = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let second_line =
            first_line + whole[first_line..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
        // Wherever a run was cut off, what is whole counts and the next line stands alone.
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let mut journal = Journal::open(&path, &questions()).unwrap();
            journal.read(|_| Ok(())).unwrap();
            journal.write("c:443", &[audit("c")]).unwrap();
            drop(journal);
            let before = usize::from(length >= second_line);
            assert_eq!(hosts(&path).len(), before + 1, "cut at {length}");
        }
    }

    #[test]
    fn other_options_and_other_files_are_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("journal");
        let journal = Journal::open(&path, &questions()).unwrap();
        let second = Journal::open(&path, &questions()).unwrap_err();
        assert!(second.message.contains("another run"), "{second}");
        drop(journal);
        let other = TlsQuestions { jarm: true, server_name: Some("x.example".to_owned()), ..questions() };
        let error = Journal::open(&path, &other).unwrap_err();
        assert_eq!(error.fault, Fault::Usage);
        assert!(
            error.message.ends_with("no --sni then, --sni x.example now; no --jarm then, --jarm now"),
            "{error}"
        );
        // Neither a pace nor a time-out changes what answers mean.
        let slower = TlsQuestions { per_second: Some(1.0), timeout: Duration::from_secs(9), ..questions() };
        assert!(Journal::open(&path, &slower).is_ok());
        for text in
            ["example.com\n", "{}\n", "no line", "{\"schema\":\"portreeve.tls.journal/9\",\"asked\":{}}\n"]
        {
            fs::write(&path, text).unwrap();
            let error = Journal::open(&path, &questions()).unwrap_err();
            assert!(error.message.contains("is no journal"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text, "it stays as it is");
        }
        assert!(Journal::open(scratch.path(), &questions()).is_err());
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("journal");
        drop(Journal::open(&path, &questions()).unwrap());
        let head = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{head}nonsense\n")).unwrap();
        let mut journal = Journal::open(&path, &questions()).unwrap();
        let error = journal.read(|_| Ok(())).unwrap_err();
        assert!(error.message.starts_with("line 2 of the journal"), "{error}");
    }
}
