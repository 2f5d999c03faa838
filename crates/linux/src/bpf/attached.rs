//! Which BPF programs are attached where: asked of the kernel, changing nothing.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;

use super::BpfError;
use super::syscall::{NetfilterLink, link_by_id, netfilter_link, next_link, program_name, query};

/// An attach point of a control group (`enum bpf_attach_type`) that can refuse traffic or change where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttachPoint {
    /// Its number.
    pub number: u32,
    /// Its name in `bpftool`.
    pub name: &'static str,
}

/// Every such attach point of control groups.
pub const CGROUP_FILTERS: &[AttachPoint] = &[
    AttachPoint { number: 0, name: "cgroup_inet_ingress" },
    AttachPoint { number: 1, name: "cgroup_inet_egress" },
    AttachPoint { number: 2, name: "cgroup_inet_sock_create" },
    AttachPoint { number: 8, name: "cgroup_inet4_bind" },
    AttachPoint { number: 9, name: "cgroup_inet6_bind" },
    AttachPoint { number: 10, name: "cgroup_inet4_connect" },
    AttachPoint { number: 11, name: "cgroup_inet6_connect" },
    AttachPoint { number: 12, name: "cgroup_inet4_post_bind" },
    AttachPoint { number: 13, name: "cgroup_inet6_post_bind" },
    AttachPoint { number: 14, name: "cgroup_udp4_sendmsg" },
    AttachPoint { number: 15, name: "cgroup_udp6_sendmsg" },
    AttachPoint { number: 19, name: "cgroup_udp4_recvmsg" },
    AttachPoint { number: 20, name: "cgroup_udp6_recvmsg" },
];

/// The attach points of an interface that traffic control's newer interface (tcx, Linux 6.6) has.
pub const TCX: &[AttachPoint] =
    &[AttachPoint { number: 46, name: "tcx_ingress" }, AttachPoint { number: 47, name: "tcx_egress" }];

/// A program that is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedProgram {
    /// Where.
    pub point: AttachPoint,
    /// Its number.
    pub id: u32,
    /// Its name, if it has one.
    pub name: String,
}

/// A BPF program at a netfilter hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetfilterProgram {
    /// `NFPROTO_*`.
    pub family: u8,
    /// Number of the hook.
    pub hook: u32,
    /// Priority at the hook.
    pub priority: i32,
    /// Its number.
    pub program: u32,
    /// Its name, if it has one.
    pub name: String,
}

/// The programs attached to one control group of version 2; `path` is its directory.
///
/// # Errors
/// [`BpfError::NotPermitted`] without `CAP_BPF` and `CAP_NET_ADMIN`; what opening the directory says.
pub fn cgroup_programs(path: &Path) -> Result<Vec<AttachedProgram>, BpfError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let group =
        openat(CWD, path, flags, Mode::empty()).map_err(BpfError::at("open(2) of a control group"))?;
    attached(CGROUP_FILTERS, number(group.as_fd()))
}

/// The programs attached to an interface of the calling thread's network namespace by tcx.
///
/// # Errors
/// [`BpfError::NotPermitted`] without `CAP_BPF` and `CAP_NET_ADMIN`.
pub fn interface_programs(index: u32) -> Result<Vec<AttachedProgram>, BpfError> {
    attached(TCX, index)
}

/// The programs that BPF links have put at netfilter hooks, of all namespaces: links do not tell theirs.
///
/// # Errors
/// [`BpfError::NotPermitted`] without `CAP_SYS_ADMIN`.
pub fn netfilter_programs() -> Result<Vec<NetfilterProgram>, BpfError> {
    let mut programs = Vec::new();
    let mut last = 0;
    loop {
        last = match next_link(last) {
            Ok(next) => next,
            // The last was seen; or the kernel has no BPF links, and none at netfilter.
            Err(Errno::NOENT | Errno::INVAL | Errno::NOSYS) => return Ok(programs),
            Err(errno) => return Err(BpfError::at("BPF_LINK_GET_NEXT_ID")(errno)),
        };
        let link = match link_by_id(last) {
            Ok(link) => link,
            // It went away.
            Err(Errno::NOENT) => continue,
            Err(errno) => return Err(BpfError::at("BPF_LINK_GET_FD_BY_ID")(errno)),
        };
        let found = netfilter_link(link.as_fd()).map_err(BpfError::at("BPF_OBJ_GET_INFO_BY_FD"))?;
        if let Some(NetfilterLink { program, family, hook, priority }) = found {
            let name = program_name(program).unwrap_or_default();
            programs.push(NetfilterProgram { family, hook, priority, program, name });
        }
    }
}

fn attached(points: &[AttachPoint], target: u32) -> Result<Vec<AttachedProgram>, BpfError> {
    let mut programs = Vec::new();
    for &point in points {
        let ids = match query(target, point.number) {
            Ok(ids) => ids,
            // A kernel that does not know the attach point, or an interface without any, has nothing there.
            Err(Errno::INVAL | Errno::NOENT | Errno::NOSYS) => continue,
            Err(errno) => return Err(BpfError::at("BPF_PROG_QUERY")(errno)),
        };
        programs.extend(ids.into_iter().map(|id| AttachedProgram {
            point,
            id,
            name: program_name(id).unwrap_or_default(),
        }));
    }
    Ok(programs)
}

/// A descriptor as attributes carry it. One that is open is not negative.
fn number(fd: BorrowedFd<'_>) -> u32 {
    use std::os::fd::AsRawFd;
    fd.as_raw_fd().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_has_no_programs_of_tcx() {
        assert!(rustix::process::geteuid().is_root(), "this test needs root: bpf(2) needs CAP_BPF");
        assert_eq!(interface_programs(1).unwrap(), Vec::new());
    }

    #[test]
    fn links_are_walked_to_their_end() {
        assert!(rustix::process::geteuid().is_root(), "this test needs root: bpf(2) needs CAP_SYS_ADMIN");
        let programs = netfilter_programs().unwrap();
        assert!(programs.iter().all(|program| program.family != 0), "{programs:?}");
    }
}
