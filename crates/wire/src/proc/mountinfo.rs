//! `/proc/PID/mountinfo` (`show_mountinfo` in `fs/proc_namespace.c`, proc(5)).

use std::borrow::Cow;

use super::line::{Columns, Lines, Problem, decimal, split_once};

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount<'a> {
    /// Its number.
    pub id: u32,
    /// Number of the mount it lies on.
    pub parent: u32,
    /// Major and minor number of its device.
    pub device: (u32, u32),
    /// Which part of the file system is mounted.
    pub root: Cow<'a, [u8]>,
    /// Where it is mounted, seen from the process's root.
    pub mount_point: Cow<'a, [u8]>,
    /// Options of this mount, separated by commas.
    pub options: &'a [u8],
    /// Type of the file system: `ext4`, `nsfs`, `cgroup2`, ...
    pub file_system: &'a [u8],
    /// What is mounted: a device, or a name of the file system's choice. For a network namespace `nsfs`.
    pub source: Cow<'a, [u8]>,
    /// Options of the file system, separated by commas.
    pub super_options: &'a [u8],
}

impl<'a> Mount<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, Problem> {
        let mut columns = Columns::new(line);
        let (id, parent) = (columns.decimal("mount id")?, columns.decimal("parent id")?);
        let device = split_once(columns.bytes("major:minor")?, b':')
            .and_then(|(major, minor)| decimal(major).zip(decimal(minor)))
            .ok_or(Problem::Malformed("major:minor"))?;
        let root = unescaped(columns.bytes("root")?);
        let mount_point = unescaped(columns.bytes("mount point")?);
        let options = columns.bytes("mount options")?;
        // Any number of optional fields, ended by a hyphen.
        if !columns.any(|column| column == b"-") {
            return Err(Problem::Missing("separator"));
        }
        let file_system = columns.bytes("filesystem type")?;
        // An empty source prints as nothing, and shifts what follows.
        let (source, super_options) = match (columns.next(), columns.next()) {
            (Some(source), Some(options)) => (source, options),
            (Some(options), None) => (&[] as &[u8], options),
            (None, _) => return Err(Problem::Missing("mount source")),
        };
        let source = unescaped(source);
        Ok(Self { id, parent, device, root, mount_point, options, file_system, source, super_options })
    }
}

/// The mounts a process sees.
#[must_use]
pub fn mounts(text: &[u8]) -> Lines<'_, Mount<'_>> {
    Lines::new(text, Mount::parse)
}

/// Space, tab, line break, backslash and `#` are printed as a backslash and three octal digits.
fn unescaped(path: &[u8]) -> Cow<'_, [u8]> {
    if !path.contains(&b'\\') {
        return Cow::Borrowed(path);
    }
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [byte, tail @ ..] = rest {
        let octal = match rest {
            [b'\\', high @ b'0'..=b'3', middle @ b'0'..=b'7', low @ b'0'..=b'7', tail @ ..] => {
                Some(((high - b'0') << 6 | (middle - b'0') << 3 | (low - b'0'), tail))
            }
            _ => None,
        };
        let (byte, tail) = octal.unwrap_or((*byte, tail));
        plain.push(byte);
        rest = tail;
    }
    Cow::Owned(plain)
}
