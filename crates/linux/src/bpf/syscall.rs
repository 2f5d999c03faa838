//! `bpf(2)`, for the three commands that make an iterator. Each answers with a descriptor of its own.
//!
//! Structures: `union bpf_attr` in `include/uapi/linux/bpf.h`. The kernel takes a shorter structure than its own and
//! reads the rest as zero, which is how programs made for Linux 5.8 run on every later one.

#![expect(unsafe_code, reason = "no safe interface to bpf(2) exists without a BPF library")]

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io::Errno;

use super::instruction::Instruction;

/// `BPF_PROG_LOAD`.
const PROG_LOAD: libc::c_long = 5;
/// `BPF_LINK_CREATE`.
const LINK_CREATE: libc::c_long = 28;
/// `BPF_ITER_CREATE`.
const ITER_CREATE: libc::c_long = 33;
/// `BPF_PROG_TYPE_TRACING`.
const TRACING: u32 = 26;
/// `BPF_TRACE_ITER`.
const TRACE_ITER: u32 = 28;
/// What `bpftool prog` shows while the program exists; `BPF_OBJ_NAME_LEN` is 16 with the final zero.
const NAME: [u8; 16] = *b"portreeve_files\0";
/// A load is interrupted by any signal and then to be tried again (`libbpf` does so as often).
const ATTEMPTS: usize = 5;

/// The fields of `BPF_PROG_LOAD` up to `attach_btf_id`.
#[repr(C)]
#[derive(Default)]
struct ProgramAttributes {
    program_type: u32,
    instruction_count: u32,
    instructions: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
    name: [u8; 16],
    interface: u32,
    expected_attach_type: u32,
    btf: u32,
    function_record_size: u32,
    functions: u64,
    function_count: u32,
    line_record_size: u32,
    lines: u64,
    line_count: u32,
    attach_btf_id: u32,
}

/// The fields of `BPF_LINK_CREATE` up to `flags`.
#[repr(C)]
struct LinkAttributes {
    program: u32,
    target: u32,
    attach_type: u32,
    flags: u32,
}

/// The fields of `BPF_ITER_CREATE`.
#[repr(C)]
struct IteratorAttributes {
    link: u32,
    flags: u32,
}

/// Loads an iterator program for the kernel function numbered `function`. What the verifier says is put into `log`,
/// as far as it fits and ended by a zero byte, if `log` is not empty.
pub(super) fn load_program(
    instructions: &[Instruction],
    license: &CStr,
    function: u32,
    log: &mut [u8],
) -> Result<OwnedFd, Errno> {
    let attributes = ProgramAttributes {
        program_type: TRACING,
        instruction_count: u32::try_from(instructions.len()).map_err(|_| Errno::TOOBIG)?,
        instructions: instructions.as_ptr() as u64,
        license: license.as_ptr() as u64,
        log_level: u32::from(!log.is_empty()),
        log_size: u32::try_from(log.len()).map_err(|_| Errno::TOOBIG)?,
        // The kernel demands null where no log is asked for.
        log: if log.is_empty() { 0 } else { log.as_mut_ptr() as u64 },
        name: NAME,
        expected_attach_type: TRACE_ITER,
        attach_btf_id: function,
        ..ProgramAttributes::default()
    };
    for _ in 1..ATTEMPTS {
        // SAFETY: the pointers in `attributes` are those of the borrowed slices and the C string, which outlive the
        // call, with the counts of those slices; the kernel writes to `log` only, which is borrowed mutably.
        match unsafe { bpf(PROG_LOAD, &attributes) } {
            Err(Errno::AGAIN) => {}
            result => return result,
        }
    }
    // SAFETY: as above.
    unsafe { bpf(PROG_LOAD, &attributes) }
}

/// Binds an iterator program to what it iterates over. The link ends with its last descriptor.
pub(super) fn create_link(program: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let attributes =
        LinkAttributes { program: number(program), target: 0, attach_type: TRACE_ITER, flags: 0 };
    // SAFETY: these attributes hold no pointer.
    unsafe { bpf(LINK_CREATE, &attributes) }
}

/// Starts one walk; its output is read from the descriptor.
pub(super) fn create_iterator(link: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let attributes = IteratorAttributes { link: number(link), flags: 0 };
    // SAFETY: these attributes hold no pointer.
    unsafe { bpf(ITER_CREATE, &attributes) }
}

/// A descriptor as attributes carry it. One that is open is not negative.
fn number(fd: BorrowedFd<'_>) -> u32 {
    fd.as_raw_fd().unsigned_abs()
}

/// # Safety
/// `A` must be the attributes of `command`, without padding; what its pointers point to must be valid for the
/// kernel's use during the call. `command` must answer with a new descriptor.
unsafe fn bpf<A>(command: libc::c_long, attributes: &A) -> Result<OwnedFd, Errno> {
    // SAFETY: the kernel reads `size_of::<A>()` bytes at `attributes`; the caller answers for pointers therein.
    let answer =
        unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_ref(attributes), size_of::<A>()) };
    match i32::try_from(answer) {
        // SAFETY: these commands answer with a descriptor that the kernel has just opened for this process and that
        // nothing else knows.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    /// The offsets in the kernel's `union bpf_attr`.
    #[test]
    fn attributes_lie_where_the_kernel_reads_them() {
        assert_eq!(offset_of!(ProgramAttributes, license), 16);
        assert_eq!(offset_of!(ProgramAttributes, log), 32);
        assert_eq!(offset_of!(ProgramAttributes, name), 48);
        assert_eq!(offset_of!(ProgramAttributes, expected_attach_type), 68);
        assert_eq!(offset_of!(ProgramAttributes, lines), 96);
        assert_eq!(offset_of!(ProgramAttributes, attach_btf_id), 108);
        assert_eq!(size_of::<ProgramAttributes>(), 112);
    }
}
