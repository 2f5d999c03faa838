//! `/proc/PID/stat` (`do_task_stat` in `fs/proc/array.c`, proc(5)).

use super::line::{Columns, Problem};

/// What one process says of itself in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stat<'a> {
    /// Process id, in the namespace of the reader's `/proc`.
    pub pid: u32,
    /// Name of the main thread, at most 15 bytes (63 for kernel workers); the process can set it to anything,
    /// spaces and parentheses included. Line breaks and backslashes are escaped by the kernel, see
    /// [`Status::name`](super::Status::name).
    pub comm: &'a [u8],
    /// State letter: `R`, `S`, `D`, `T`, `t`, `Z`, `X`, `I`, ...
    pub state: u8,
    /// Parent; 0 for those the kernel started, and for a parent outside the namespace.
    pub parent: u32,
    /// Process group; -1 in a process that vanishes.
    pub process_group: i32,
    /// Session; -1 in a process that vanishes.
    pub session: i32,
    /// Device number of the controlling terminal, 0 for none.
    pub tty: i32,
    /// `PF_*` bits, see [`Stat::is_kernel_thread`].
    pub flags: u32,
    /// Threads.
    pub threads: u32,
    /// Ticks of the machine's clock (`CLK_TCK`) from boot to the start; with the pid it tells a process from a later
    /// one of the same pid.
    pub start_time: u64,
}

impl<'a> Stat<'a> {
    /// Reads the file's text.
    pub fn parse(text: &'a [u8]) -> Result<Self, Problem> {
        // The name may hold anything but a NUL: only the last parenthesis surely ends it.
        let open = text.iter().position(|byte| *byte == b'(').ok_or(Problem::Missing("comm"))?;
        let close = text.iter().rposition(|byte| *byte == b')').ok_or(Problem::Missing("comm"))?;
        let comm = text.get(open + 1..close).ok_or(Problem::Malformed("comm"))?;
        let pid = Columns::new(text.get(..open).unwrap_or_default()).decimal("pid")?;
        let rest = text.get(close + 1..).unwrap_or_default();

        let mut columns = Columns::new(rest.trim_ascii_end());
        let &[state] = columns.bytes("state")? else { return Err(Problem::Malformed("state")) };
        let parent = columns.decimal("ppid")?;
        let process_group = columns.signed("pgrp")?;
        let session = columns.signed("session")?;
        let tty = columns.signed("tty_nr")?;
        columns.pass(1, "tpgid")?;
        let flags = columns.decimal("flags")?;
        // minflt cminflt majflt cmajflt utime stime cutime cstime priority nice
        columns.pass(10, "nice")?;
        let threads = columns.decimal("num_threads")?;
        columns.pass(1, "itrealvalue")?;
        let start_time = columns.decimal("starttime")?;
        Ok(Self { pid, comm, state, parent, process_group, session, tty, flags, threads, start_time })
    }

    /// Whether the kernel runs it, without a program (`PF_KTHREAD`). A process cannot forge this bit.
    #[must_use]
    pub const fn is_kernel_thread(&self) -> bool {
        const PF_KTHREAD: u32 = 0x0020_0000;
        self.flags & PF_KTHREAD != 0
    }

    /// Whether it has ended and waits for its parent (`Z` or `X`): it holds no descriptor any more.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }
}
