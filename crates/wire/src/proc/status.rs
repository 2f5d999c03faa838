//! `/proc/PID/status` (`proc_pid_status` in `fs/proc/array.c`, proc(5)).

use std::borrow::Cow;

use super::line::{Columns, Problem, split_once};

/// Four user or group ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identities {
    /// Who started it.
    pub real: u32,
    /// Whose rights it has.
    pub effective: u32,
    /// What it can switch back to.
    pub saved: u32,
    /// Whose rights it has on files.
    pub file_system: u32,
}

/// Those lines that the inventory needs. A line the kernel does not print is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status<'a> {
    /// Name of the main thread, with the kernel's escapes undone.
    pub name: Cow<'a, [u8]>,
    /// Thread group, which is the process id.
    pub tgid: Option<u32>,
    /// Parent.
    pub parent: Option<u32>,
    /// Process that traces it, 0 for none.
    pub tracer: Option<u32>,
    /// Users.
    pub uid: Option<Identities>,
    /// Groups.
    pub gid: Option<Identities>,
    /// Its pids, from the namespace of the reader's `/proc` to its innermost own.
    pub namespace_pids: NamespacePids<'a>,
    /// Effective capabilities, bit n for capability n.
    pub effective_capabilities: Option<u64>,
    /// Threads.
    pub threads: Option<u32>,
}

impl<'a> Status<'a> {
    /// Reads the file's text; fails on a line of interest that is malformed.
    pub fn parse(text: &'a [u8]) -> Result<Self, Problem> {
        let mut status = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            let Some((key, value)) = split_once(line, b':') else { continue };
            let mut columns = Columns::new(value);
            match key {
                b"Name" => status.name = unescaped(value.strip_prefix(b"\t").unwrap_or(value)),
                b"Tgid" => status.tgid = Some(columns.decimal("Tgid")?),
                b"PPid" => status.parent = Some(columns.decimal("PPid")?),
                b"TracerPid" => status.tracer = Some(columns.decimal("TracerPid")?),
                b"Uid" => status.uid = Some(Identities::read(&mut columns, "Uid")?),
                b"Gid" => status.gid = Some(Identities::read(&mut columns, "Gid")?),
                b"NSpid" => status.namespace_pids = NamespacePids(value),
                b"CapEff" => status.effective_capabilities = Some(columns.hexadecimal("CapEff")?),
                b"Threads" => status.threads = Some(columns.decimal("Threads")?),
                _ => {}
            }
        }
        Ok(status)
    }
}

impl Identities {
    fn read(columns: &mut Columns<'_>, what: &'static str) -> Result<Self, Problem> {
        Ok(Self {
            real: columns.decimal(what)?,
            effective: columns.decimal(what)?,
            saved: columns.decimal(what)?,
            file_system: columns.decimal(what)?,
        })
    }
}

/// Pids of one process in nested namespaces, outermost first. Iteration ends at a column that is no number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamespacePids<'a>(&'a [u8]);

impl Iterator for NamespacePids<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let mut columns = Columns::new(self.0);
        let pid = columns.decimal("NSpid").ok();
        self.0 = columns.rest();
        pid
    }
}

/// The kernel prints a line break in a name as `\n` and a backslash as `\\`.
fn unescaped(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&b'\\') {
        return Cow::Borrowed(name);
    }
    let mut plain = Vec::with_capacity(name.len());
    let mut bytes = name.iter().copied();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => b'\n',
                Some(other) => other,
                None => b'\\',
            },
            other => other,
        });
    }
    Cow::Owned(plain)
}
