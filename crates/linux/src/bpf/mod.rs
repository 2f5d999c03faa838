//! BPF, in two parts. Which programs are attached where: [`cgroup_programs`], [`interface_programs`],
//! [`netfilter_programs`]. And who holds a socket, asked of the kernel's own descriptor tables through a BPF iterator
//! (`bpf_iter/task_file`, since Linux 5.8) instead of through `/proc`; that part is what follows.
//!
//! Two uses: a fast path for machines with very many descriptors, and a view that does not depend on `/proc`, so
//! that a process hidden there (a mount over `/proc/PID`, a library or module that filters it) is still found.
//!
//! It refuses to run outside the initial PID namespace, pins nothing, attaches to no event and leaves nothing
//! behind. When it is used is the caller's decision. See `docs/development/bpf-iterator.md`.

mod attached;
mod error;
mod holders;
mod instruction;
mod layout;
mod load;
mod program;
mod record;
mod syscall;
#[cfg(test)]
mod tests;

pub use attached::{
    AttachPoint, AttachedProgram, CGROUP_FILTERS, NetfilterProgram, TCX, cgroup_programs, interface_programs,
    netfilter_programs,
};
pub use error::{BpfError, Missing};
pub use holders::{SocketFiles, availability, socket_holders};
pub use record::{FileKind, FileRecord};
