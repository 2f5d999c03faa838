//! `/proc/PID/cgroup` (`proc_cgroup_show` in `kernel/cgroup/cgroup.c`, cgroups(7)).

use super::line::{Lines, Problem, decimal, split_once};

/// Membership of one process in one hierarchy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CgroupLine<'a> {
    /// Number of the hierarchy; 0 is version 2.
    pub hierarchy: u32,
    /// Controllers, separated by commas; `name=systemd` for a hierarchy without any; empty for version 2.
    pub controllers: &'a [u8],
    /// Path below the hierarchy's root as the reader's cgroup namespace shows it. May begin with `/..` for a cgroup
    /// outside, and end in ` (deleted)`.
    pub path: &'a [u8],
}

impl<'a> CgroupLine<'a> {
    /// Whether this is the one hierarchy of version 2.
    #[must_use]
    pub const fn is_unified(&self) -> bool {
        self.hierarchy == 0 && self.controllers.is_empty()
    }

    /// Whether this is systemd's own hierarchy of version 1.
    #[must_use]
    pub fn is_systemd(&self) -> bool {
        self.controllers == b"name=systemd"
    }

    fn parse(line: &'a [u8]) -> Result<Self, Problem> {
        let (hierarchy, rest) = split_once(line, b':').ok_or(Problem::Missing("controllers"))?;
        let (controllers, path) = split_once(rest, b':').ok_or(Problem::Missing("path"))?;
        let hierarchy = decimal(hierarchy).ok_or(Problem::Malformed("hierarchy"))?;
        Ok(Self { hierarchy, controllers, path })
    }
}

/// The hierarchies a process belongs to.
#[must_use]
pub fn cgroups(text: &[u8]) -> Lines<'_, CgroupLine<'_>> {
    Lines::new(text, CgroupLine::parse)
}
