//! One parallel walk over every process: which sockets it holds, and in which network namespace it is.
//!
//! Where there are so many descriptors that reading them from `/proc` would be slow, the kernel's own tables are listed
//! by its BPF iterator instead. It is used for speed alone: a process that may not be looked into stays unseen.

use portreeve_linux::Errno;
use portreeve_linux::bpf::{self, FileKind, FileRecord};
use portreeve_linux::proc::{DescriptorScratch, Proc, walk};
use portreeve_wire::proc::FdTarget;
use rustc_hash::FxHashSet;

use super::namespaces::id_of_link;
use super::request::{BpfUse, Owners};

/// From this many descriptors on, the kernel's BPF iterator lists them faster than a walk through `/proc` does, its
/// fixed cost included (docs/benchmarks.md). Below it, nothing is loaded into the kernel for speed.
const BPF_PAYS: u64 = 10_000;

/// What the walk saw.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Every process that `/proc` listed.
    pub(super) pids: Vec<u32>,
    /// (pid, network namespace) of the processes that tell.
    pub(super) namespaces: Vec<(u32, u64)>,
    /// (pid, fd, network namespace) of descriptors that hold a namespace.
    pub(super) namespace_descriptors: Vec<(u32, u32, u64)>,
    /// (inode, pid, fd), sorted.
    pub(super) sockets: Vec<(u64, u32, u32)>,
    /// Processes whose descriptors may not be read.
    pub(super) closed: Vec<u32>,
    /// Processes whose network namespace may not be read.
    pub(super) homeless: Vec<u32>,
    /// Processes that could not be read for another reason than those.
    pub(super) failed: Vec<(u32, Errno)>,
}

/// Walks over the processes: always for their namespaces, and for their descriptors where owners are wanted.
///
/// # Errors
/// What listing `/proc` says.
pub(super) fn walk_processes(proc: &Proc, owners: Owners, bpf: BpfUse) -> Result<Walk, Errno> {
    let pids = proc.pids()?;
    let listed = if owners == Owners::None { None } else { many_descriptors(proc, &pids, bpf) };
    let look = match (owners, &listed) {
        (Owners::None, _) | (_, Some(_)) => Look::Namespaces,
        (_, None) => Look::NamespacesAndDescriptors,
    };
    let parts = walk(
        &pids,
        || (Walk::default(), DescriptorScratch::default()),
        |(seen, scratch), pid| visit(proc, pid, look, seen, scratch),
    );
    let mut all = Walk { pids, ..Walk::default() };
    for (part, _) in parts {
        all.merge(part);
    }
    if let Some(records) = listed {
        // The same permission guards a process's namespaces and its descriptors (kernel/ptrace.c, ptrace_may_access).
        all.closed.clone_from(&all.homeless);
        let failed = all.failed.iter().map(|(pid, _)| *pid);
        let closed: FxHashSet<u32> = all.closed.iter().copied().chain(failed).collect();
        // A holder that /proc does not list is hidden, and shall be found out as that: its sockets stay unheld here.
        let open = all.pids.iter().copied().filter(|pid| !closed.contains(pid)).collect();
        all.take(records, &open);
    }
    all.sockets.sort_unstable();
    all.sockets.dedup();
    all.namespaces.sort_unstable();
    Ok(all)
}

/// What a visit to a process looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Namespaces,
    NamespacesAndDescriptors,
}

fn visit(proc: &Proc, pid: u32, look: Look, seen: &mut Walk, scratch: &mut DescriptorScratch) {
    let process = match proc.process(pid) {
        Ok(process) => process,
        Err(errno) => return seen.note(pid, errno),
    };
    match process.link(c"ns/net") {
        Ok(link) => {
            if let FdTarget::Namespace { inode, .. } = FdTarget::parse(&link) {
                seen.namespaces.push((pid, inode));
            }
        }
        Err(Errno::ACCESS | Errno::PERM) => seen.homeless.push(pid),
        // ENOENT: it is ending, and has left its namespaces already.
        Err(_) => {}
    }
    if look == Look::Namespaces {
        return;
    }
    let (sockets, namespaces) = (&mut seen.sockets, &mut seen.namespace_descriptors);
    let outcome = process.each_descriptor(scratch, |fd, link| {
        if let Some(inode) = FdTarget::socket_inode(link) {
            sockets.push((inode, pid, fd));
        } else if link.starts_with(b"net:[")
            && let FdTarget::Namespace { inode, .. } = FdTarget::parse(link)
        {
            namespaces.push((pid, fd, inode));
        }
    });
    if let Err(errno) = outcome {
        seen.note(pid, errno);
    }
}

impl Walk {
    fn note(&mut self, pid: u32, errno: Errno) {
        match errno {
            Errno::ACCESS | Errno::PERM => self.closed.push(pid),
            // It ended meanwhile, and holds nothing any more.
            Errno::NOENT | Errno::SRCH => {}
            other => self.failed.push((pid, other)),
        }
    }

    fn merge(&mut self, part: Self) {
        self.namespaces.extend(part.namespaces);
        self.namespace_descriptors.extend(part.namespace_descriptors);
        if self.sockets.is_empty() {
            self.sockets = part.sockets;
        } else {
            self.sockets.extend(part.sockets);
        }
        self.closed.extend(part.closed);
        self.homeless.extend(part.homeless);
        self.failed.extend(part.failed);
    }

    /// Takes over the descriptors of the processes in `of` from the kernel's own tables.
    fn take(&mut self, records: Vec<FileRecord>, of: &FxHashSet<u32>) {
        for record in records.into_iter().filter(|record| of.contains(&record.pid)) {
            match record.kind {
                FileKind::Socket => self.sockets.push((record.inode, record.pid, record.fd)),
                FileKind::Namespace => {
                    // Of which kind of namespace it is, only the link tells.
                    let link = std::fs::read_link(format!("/proc/{}/fd/{}", record.pid, record.fd));
                    if let Some(id) = link.ok().and_then(|link| id_of_link(&link)) {
                        self.namespace_descriptors.push((record.pid, record.fd, id));
                    }
                }
            }
        }
    }
}

/// Every descriptor by the kernel's own tables, where there are so many that it pays.
fn many_descriptors(proc: &Proc, pids: &[u32], bpf: BpfUse) -> Option<Vec<FileRecord>> {
    if bpf == BpfUse::Never || bpf::availability().is_err() {
        return None;
    }
    let descriptors: u64 = pids.iter().filter_map(|pid| proc.descriptor_count(*pid)).sum();
    if descriptors < BPF_PAYS {
        return None;
    }
    match bpf::socket_holders() {
        Ok(files) => Some(files.records),
        Err(error) => {
            tracing::debug!(%error, "walking /proc instead of the kernel's tables");
            None
        }
    }
}
