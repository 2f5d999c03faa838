//! Which process holds which socket: joining sockets to what the walk saw.

use std::sync::Arc;

use portreeve_linux::Errno;
use portreeve_linux::capabilities::Privileges;
use portreeve_linux::proc::{DescriptorScratch, Proc, walk};
use portreeve_model::{Holder, Socket, Unseen, UnseenReason, UnseenSubject};
use portreeve_wire::proc::FdTarget;
use rustc_hash::{FxHashMap, FxHashSet};

use super::request::{NamespaceScope, Owners, Request};
use super::walk::Walk;
use crate::attribution::Coverage;

impl Walk {
    /// Whether every process could be read, so that "no process holds it" may be said.
    pub(super) fn coverage(&self) -> Coverage {
        if self.closed.is_empty() && self.failed.is_empty() { Coverage::Complete } else { Coverage::Partial }
    }

    /// (pid, fd) of everyone who holds the socket with this inode.
    fn holders(&self, inode: u64) -> &[(u64, u32, u32)] {
        let start = self.sockets.partition_point(|(other, ..)| *other < inode);
        let rest = self.sockets.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|(other, ..)| *other == inode).count();
        rest.get(..length).unwrap_or_default()
    }

    /// The processes that hold any of `sockets`, in order.
    pub(super) fn holding(&self, sockets: &[Socket]) -> Vec<u32> {
        let mut pids = FxHashSet::default();
        for socket in sockets.iter().filter(|socket| socket.inode != 0) {
            pids.extend(self.holders(socket.inode).iter().map(|(_, pid, _)| *pid));
        }
        let mut pids: Vec<u32> = pids.into_iter().collect();
        pids.sort_unstable();
        pids
    }

    /// Fills in the holders of `sockets`.
    pub(super) fn join(&self, sockets: &mut [Socket], names: &FxHashMap<u32, Arc<str>>) {
        let unknown: Arc<str> = Arc::from("?");
        for socket in sockets.iter_mut().filter(|socket| socket.inode != 0) {
            let holders = self.holders(socket.inode);
            socket.holders = holders
                .iter()
                .map(|(_, pid, fd)| Holder {
                    pid: *pid,
                    fd: *fd,
                    name: Arc::clone(names.get(pid).unwrap_or(&unknown)),
                })
                .collect();
        }
    }

    /// Takes over what a closer look found.
    pub(super) fn extend(&mut self, sockets: Vec<(u64, u32, u32)>) {
        self.sockets.extend(sockets);
        self.sockets.sort_unstable();
        self.sockets.dedup();
    }

    /// What the walk did not see, as far as `request` is about it.
    pub(super) fn unseen(&self, request: &Request, privileges: Privileges) -> Vec<Unseen> {
        let remedy = || {
            Some(if privileges.read_processes {
                "a security module, or a limit of the container this runs in, keeps even root out of them"
                    .to_owned()
            } else {
                "run it as root (CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH) to see every process".to_owned()
            })
        };
        let mut unseen = Vec::new();
        if request.owners != Owners::None && !self.closed.is_empty() {
            unseen.push(Unseen {
                subject: UnseenSubject::ProcessDescriptors,
                reason: UnseenReason::Permission,
                count: u32::try_from(self.closed.len()).unwrap_or(u32::MAX),
                detail: format!(
                    "descriptors of {} of {} processes: permission denied, so owners of some sockets are not known",
                    self.closed.len(),
                    self.pids.len()
                ),
                remedy: remedy(),
            });
        }
        // One namespace that was found is seen as a whole, whoever else may be in it.
        if request.namespaces == NamespaceScope::All && !self.homeless.is_empty() {
            unseen.push(Unseen {
                subject: UnseenSubject::Namespace,
                reason: UnseenReason::Permission,
                count: u32::try_from(self.homeless.len()).unwrap_or(u32::MAX),
                detail: format!(
                    "network namespaces of {} of {} processes: permission denied, so sockets in other namespaces may be missing",
                    self.homeless.len(),
                    self.pids.len()
                ),
                remedy: remedy(),
            });
        }
        if let Some((pid, errno)) = self.failed.first() {
            let count = u32::try_from(self.failed.len()).unwrap_or(u32::MAX);
            unseen.push(Unseen {
                subject: UnseenSubject::ProcessDescriptors,
                reason: UnseenReason::Failed,
                count,
                detail: match *errno {
                    Errno::XDEV => format!(
                        "descriptors of {count} processes could not be read: something is mounted over /proc/{pid}"
                    ),
                    _ => format!("descriptors of {count} processes could not be read; pid {pid}: {errno}"),
                },
                remedy: (*errno == Errno::XDEV).then(|| {
                    format!("find out who hides it: grep ' /proc/{pid}' /proc/self/mountinfo")
                }),
            });
        }
        unseen
    }
}

/// A second, closer walk for sockets that no process seemed to hold: every thread's own descriptor table, and
/// processes started since.
pub(super) fn look_closer(proc: &Proc) -> Vec<(u64, u32, u32)> {
    let Ok(pids) = proc.pids() else { return Vec::new() };
    let parts = walk(
        &pids,
        || (Vec::new(), DescriptorScratch::default()),
        |(seen, scratch): &mut (Vec<_>, _), pid| {
            let Ok(process) = proc.process(pid) else { return };
            for thread in process.threads().unwrap_or_default() {
                // A table that cannot be read was counted in the first walk.
                let _ = process.each_descriptor_of_thread(thread, scratch, |fd, link| {
                    if let Some(inode) = FdTarget::socket_inode(link) {
                        seen.push((inode, pid, fd));
                    }
                });
            }
        },
    );
    parts.into_iter().flat_map(|(seen, _)| seen).collect()
}

/// The name of a process, `?` once it is gone.
pub(super) fn comm(pid: u32) -> Arc<str> {
    let text = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or_else(|_| b"?".to_vec());
    Arc::from(String::from_utf8_lossy(text.trim_ascii_end()))
}
