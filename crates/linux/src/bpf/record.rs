//! What the program writes for each descriptor, and its decoding. [`super::program`] is the other half.

/// `u32`: the process.
pub(super) const PROCESS_AT: i16 = 0;
/// `u32`: the thread.
pub(super) const THREAD_AT: i16 = 4;
/// `u32`: the descriptor.
pub(super) const DESCRIPTOR_AT: i16 = 8;
/// `u32`: [`SOCKET`] or [`NAMESPACE`].
pub(super) const KIND_AT: i16 = 12;
/// `u64`: the inode number.
pub(super) const INODE_AT: i16 = 16;
/// `u64`: the process's start.
pub(super) const STARTED_AT: i16 = 24;
/// Bytes of a record, as instructions count. Everything is in this machine's byte order.
pub(super) const RECORD_LENGTH: i16 = STARTED_AT + 8;
/// The same, as slices count.
pub(super) const RECORD_SIZE: usize = RECORD_LENGTH.unsigned_abs() as usize;

/// Value of the kind for [`FileKind::Socket`].
pub(super) const SOCKET: i32 = 1;
/// Value of the kind for [`FileKind::Namespace`].
pub(super) const NAMESPACE: i32 = 2;

/// What a descriptor refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A socket of any family: `socket:[INODE]` in `/proc`.
    Socket,
    /// A namespace of any type: `net:[INODE]`, `mnt:[INODE]`, ... in `/proc`. Only `/proc/PID/fd/FD` says which.
    Namespace,
}

/// A descriptor of a process that is a socket or a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileRecord {
    /// The process, numbered by the initial PID namespace.
    pub pid: u32,
    /// The thread whose table it is. Differs from `pid` only where a thread has a table of its own
    /// (`/proc/PID/task/TID/fd`), or where the main thread has ended and left the table to the others
    /// (`/proc/PID/fd` is unreadable then).
    pub tid: u32,
    /// The descriptor.
    pub fd: u32,
    /// What it refers to.
    pub kind: FileKind,
    /// The socket's or namespace's inode number.
    pub inode: u64,
    /// When the process started, in nanoseconds since boot. `/proc/PID/stat` has it in clock ticks, rounded down
    /// (field 22), so that a number given to another process in the meantime is noticed.
    pub started: u64,
}

impl FileRecord {
    /// `None` for a kind that the program does not write.
    pub(super) fn decode(bytes: &[u8; RECORD_SIZE]) -> Option<Self> {
        let kind = match i32::try_from(u32_at(bytes, KIND_AT)?).ok()? {
            SOCKET => FileKind::Socket,
            NAMESPACE => FileKind::Namespace,
            _ => return None,
        };
        Some(Self {
            pid: u32_at(bytes, PROCESS_AT)?,
            tid: u32_at(bytes, THREAD_AT)?,
            fd: u32_at(bytes, DESCRIPTOR_AT)?,
            kind,
            inode: u64_at(bytes, INODE_AT)?,
            started: u64_at(bytes, STARTED_AT)?,
        })
    }
}

fn u32_at(bytes: &[u8], at: i16) -> Option<u32> {
    bytes.get(usize::try_from(at).ok()?..)?.first_chunk().map(|&chunk| u32::from_ne_bytes(chunk))
}

fn u64_at(bytes: &[u8], at: i16) -> Option<u64> {
    bytes.get(usize::try_from(at).ok()?..)?.first_chunk().map(|&chunk| u64::from_ne_bytes(chunk))
}
