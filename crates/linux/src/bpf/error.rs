//! Why the kernel's descriptor tables could not be read through BPF. None of these is fatal to a caller: the walk of
//! `/proc` answers the same question more slowly.

use portreeve_wire::btf::BtfError;
use rustix::io::Errno;

/// Why [`socket_holders`](super::socket_holders) has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BpfError {
    /// `EPERM`, or `EACCES` from a security module: `CAP_BPF` and `CAP_PERFMON` in the initial user namespace are
    /// needed (`CAP_SYS_ADMIN` has both). Up to Linux 5.10 also when `RLIMIT_MEMLOCK` is used up.
    #[error("loading BPF programs needs CAP_BPF and CAP_PERFMON (root has both)")]
    NotPermitted,
    /// This kernel is too old, or built without BPF, BTF or the iterator.
    #[error("this kernel offers no descriptor iterator: {0}")]
    Unsupported(Missing),
    /// The program numbers processes as the initial PID namespace does; here those numbers mean other processes,
    /// or none.
    #[error("not in the initial PID namespace, where the kernel's process numbers have no meaning")]
    NotInitialPidNamespace,
    /// The kernel has iterators and did not accept the program: a defect of this module, or a kernel whose types
    /// changed their meaning.
    #[error("the kernel's verifier rejected the program ({errno}): {log}")]
    Rejected {
        /// What `bpf(2)` failed with.
        errno: Errno,
        /// What the verifier wrote, possibly nothing.
        log: String,
    },
    /// A step failed for want of memory, descriptors, ...
    #[error("{step} failed: {errno}")]
    System {
        /// The system call or file.
        step: &'static str,
        /// What it failed with.
        errno: Errno,
    },
}

/// What of the iterator a kernel lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// `ENOSYS`: no `bpf(2)` at all.
    #[error("no bpf system call")]
    SystemCall,
    /// No `/sys/kernel/btf/vmlinux` (`CONFIG_DEBUG_INFO_BTF`), or `/sys` is not mounted.
    #[error("no /sys/kernel/btf/vmlinux")]
    Btf,
    /// The kernel's types have no `bpf_iter_task_file`, or lack a field the program reads.
    #[error(transparent)]
    Type(#[from] BtfError),
    /// A field lies further into its structure than an instruction can say.
    #[error("a kernel field lies too far into its structure")]
    Distance,
    /// `EINVAL` or `E2BIG` without a word from the verifier: the program type or attach type is not known.
    #[error("iterator programs are not known to it")]
    IteratorPrograms,
}

impl From<BtfError> for BpfError {
    fn from(error: BtfError) -> Self {
        Self::Unsupported(error.into())
    }
}

impl BpfError {
    /// For `map_err`.
    pub(super) fn at(step: &'static str) -> impl Fn(Errno) -> Self {
        move |errno| match errno {
            Errno::PERM | Errno::ACCESS => Self::NotPermitted,
            errno => Self::System { step, errno },
        }
    }
}
