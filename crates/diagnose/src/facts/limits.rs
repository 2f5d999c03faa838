//! Limits of the processes that hold the port, and of the system.

use super::service::LogLine;

/// Limits and how much of them is used.
#[derive(Debug, Default)]
pub struct LimitFacts {
    /// The processes that take the connections, and their descriptors.
    pub processes: Vec<ProcessLimits>,
    /// The cgroups that they are in, with those above, as far as they have limits.
    pub groups: Vec<GroupLimits>,
    /// The whole system.
    pub system: SystemLimits,
    /// Lines of the holders' logs that speak of limits, oldest first.
    pub complaints: Vec<LimitComplaint>,
    /// Processes that the kernel ended for want of memory.
    pub kills: Vec<Kill>,
    /// Connections that the holder's configuration lets it have at once, with the line that says so.
    pub most_connections: Option<(u64, String)>,
    /// Log files whose file system has no room left.
    pub full_disks: Vec<String>,
    /// What could not be read.
    pub unseen: Vec<String>,
}

/// Descriptors of one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessLimits {
    /// Process id.
    pub pid: u32,
    /// `nginx (pid 812)`.
    pub label: String,
    /// The most descriptors that it had open at any of the looks; none where they could not be counted.
    pub open: Option<u64>,
    /// `RLIMIT_NOFILE`, soft; none for unlimited or unknown.
    pub soft: Option<u64>,
    /// The same, hard.
    pub hard: Option<u64>,
    /// Its unit.
    pub unit: Option<String>,
}

/// Limits of a cgroup, with two looks at what moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupLimits {
    /// Its folder.
    pub path: String,
    /// Bytes of memory.
    pub memory: Option<Used>,
    /// Processes and threads.
    pub tasks: Option<Used>,
    /// Processes ended for want of memory, before and after.
    pub oom_kills: Option<(u64, u64)>,
    /// Forks that were refused, before and after.
    pub refused_forks: Option<(u64, u64)>,
    /// Periods in which it had used up its processor time, before and after.
    pub throttled: Option<(u64, u64)>,
    /// All periods, before and after.
    pub periods: Option<(u64, u64)>,
}

/// How much of a limit is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// So much.
    pub used: u64,
    /// Of so much.
    pub limit: u64,
}

impl Used {
    /// Whether less than one part in a hundred is left.
    pub fn is_full(self) -> bool {
        self.limit > 0 && self.used >= self.limit - self.limit / 100
    }
}

/// Limits of the system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SystemLimits {
    /// Open files: `fs.file-nr`.
    pub files: Option<Used>,
    /// Threads: `kernel.threads-max`.
    pub threads: Option<Used>,
    /// Pages of TCP buffers: `net.ipv4.tcp_mem`, the third.
    pub tcp_memory: Option<Used>,
    /// The second of `net.ipv4.tcp_mem`, from which the kernel saves.
    pub tcp_pressure: Option<u64>,
    /// Connections that no process has any more: `net.ipv4.tcp_max_orphans`.
    pub orphans: Option<Used>,
    /// `net.core.somaxconn`.
    pub somaxconn: Option<u64>,
}

/// A line of a log that speaks of a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitComplaint {
    /// Which limit.
    pub kind: LimitKind,
    /// The line.
    pub line: LogLine,
    /// The log's path.
    pub log: String,
    /// It was written while the port was looked at.
    pub now: bool,
}

/// A limit that logs speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// `EMFILE`.
    Descriptors,
    /// `ENFILE`.
    SystemFiles,
    /// The program's own limit of connections or workers.
    Connections,
    /// `EAGAIN` of `fork(2)` or `clone(2)`.
    Threads,
    /// `ENOMEM`.
    Memory,
    /// `ENOSPC`.
    Disk,
}

/// A process that the kernel ended for want of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kill {
    /// Process id.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// The limit of its cgroup was what was reached, not the machine's memory.
    pub in_group: bool,
    /// The line.
    pub line: LogLine,
    /// A command that shows it.
    pub command: String,
}
