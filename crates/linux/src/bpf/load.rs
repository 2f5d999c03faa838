//! From the program's text to a descriptor that can be read: load, link, iterate. What fails is told apart here.

use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;

use super::BpfError;
use super::error::Missing;
use super::layout::Layout;
use super::program::{LICENSE, assemble};
use super::syscall::{create_iterator, create_link, load_program};

/// Bytes for the verifier's words; for a program of this size it writes about 5 KB.
const LOG_SIZE: usize = 64 * 1024;

/// Starts a walk over the descriptors of all tasks in the caller's PID namespace. The program and the link live
/// as long as the descriptor returned.
pub(super) fn open_walk(layout: &Layout) -> Result<OwnedFd, BpfError> {
    let instructions = assemble(layout);
    let load = |log: &mut [u8]| load_program(&instructions, LICENSE, layout.iterator, log);
    let program = load(&mut []).map_err(|errno| {
        if matches!(errno, Errno::PERM | Errno::NOSYS) {
            return refusal(errno, String::new());
        }
        // The verifier writes its reasons only where it is asked to.
        let mut log = vec![0; LOG_SIZE];
        drop(load(&mut log));
        let length = log.iter().position(|&byte| byte == 0).unwrap_or(log.len());
        log.truncate(length);
        refusal(errno, String::from_utf8_lossy(&log).trim().to_owned())
    })?;
    let link = create_link(program.as_fd()).map_err(BpfError::at("BPF_LINK_CREATE"))?;
    create_iterator(link.as_fd()).map_err(BpfError::at("BPF_ITER_CREATE"))
}

/// What a failed `BPF_PROG_LOAD` means. The verifier uses `EACCES` and `EINVAL` too, but never without a word.
pub(super) fn refusal(errno: Errno, log: String) -> BpfError {
    match errno {
        Errno::PERM => BpfError::NotPermitted,
        Errno::NOSYS => BpfError::Unsupported(Missing::SystemCall),
        Errno::ACCESS if log.is_empty() => BpfError::NotPermitted,
        Errno::INVAL | Errno::TOOBIG if log.is_empty() => BpfError::Unsupported(Missing::IteratorPrograms),
        Errno::NOMEM | Errno::MFILE | Errno::NFILE => BpfError::System { step: "BPF_PROG_LOAD", errno },
        errno => BpfError::Rejected { errno, log },
    }
}
