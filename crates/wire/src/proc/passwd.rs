//! `/etc/passwd` (passwd(5)).

use super::line::{Lines, Problem, decimal};

/// One user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PasswdEntry<'a> {
    /// Login name.
    pub name: &'a [u8],
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// Home directory.
    pub home: &'a [u8],
    /// Login shell; empty means `/bin/sh`.
    pub shell: &'a [u8],
}

impl<'a> PasswdEntry<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, Problem> {
        let mut fields = line.split(|byte| *byte == b':');
        let mut field = |what| fields.next().ok_or(Problem::Missing(what));
        let (name, _password) = (field("name")?, field("password")?);
        let (uid, gid) = (field("uid")?, field("gid")?);
        let (_comment, home, shell) = (field("comment")?, field("home")?, field("shell")?);
        if name.is_empty() {
            return Err(Problem::Missing("name"));
        }
        Ok(Self {
            name,
            uid: decimal(uid).ok_or(Problem::Malformed("uid"))?,
            gid: decimal(gid).ok_or(Problem::Malformed("gid"))?,
            home,
            shell,
        })
    }
}

/// The users of the file.
#[must_use]
pub fn passwd_entries(text: &[u8]) -> Lines<'_, PasswdEntry<'_>> {
    Lines::new(text, PasswdEntry::parse)
}
