//! `bpf(2)`: the three commands that make an iterator, and those that ask what is attached.
//!
//! Structures: `union bpf_attr` in `include/uapi/linux/bpf.h`. The kernel takes a shorter structure than its own and
//! reads the rest as zero, which is how programs made for Linux 5.8 run on every later one.

#![expect(unsafe_code, reason = "no safe interface to bpf(2) exists without a BPF library")]

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io::Errno;

use super::instruction::Instruction;

/// `BPF_PROG_GET_FD_BY_ID`.
const PROG_GET_FD_BY_ID: libc::c_long = 13;
/// `BPF_OBJ_GET_INFO_BY_FD`.
const OBJ_GET_INFO_BY_FD: libc::c_long = 15;
/// `BPF_PROG_QUERY`.
const PROG_QUERY: libc::c_long = 16;
/// `BPF_LINK_GET_FD_BY_ID`.
const LINK_GET_FD_BY_ID: libc::c_long = 30;
/// `BPF_LINK_GET_NEXT_ID`.
const LINK_GET_NEXT_ID: libc::c_long = 31;
/// `BPF_LINK_TYPE_NETFILTER`.
const LINK_NETFILTER: u32 = 10;
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

/// The fields of `BPF_PROG_QUERY` up to `revision`: the kernel writes that one whatever size it is told (`bpf_mprog_query` in
/// `kernel/bpf/mprog.c`).
#[repr(C)]
struct QueryAttributes {
    target: u32,
    attach_type: u32,
    query_flags: u32,
    attach_flags: u32,
    programs: u64,
    program_count: u32,
    padding: u32,
    program_attach_flags: u64,
    links: u64,
    link_attach_flags: u64,
    revision: u64,
}

/// The fields of the commands that name an object by number.
#[repr(C)]
struct NumberAttributes {
    id: u32,
    next_id: u32,
    open_flags: u32,
}

/// The fields of `BPF_OBJ_GET_INFO_BY_FD`.
#[repr(C)]
struct InfoAttributes {
    descriptor: u32,
    length: u32,
    info: u64,
}

/// `struct bpf_link_info` as far as it tells of a link to netfilter.
#[repr(C)]
#[derive(Default)]
struct LinkInfo {
    kind: u32,
    id: u32,
    program: u32,
    padding: u32,
    family: u32,
    hook: u32,
    priority: i32,
    flags: u32,
}

/// `struct bpf_prog_info` up to the name.
#[repr(C)]
#[derive(Default)]
struct ProgramInfo {
    /// Type, number, tag, lengths, pointers (null: nothing is copied), time, user, maps.
    before: [u64; 8],
    name: [u8; 16],
}

/// A link to netfilter.
#[derive(Debug)]
pub(super) struct NetfilterLink {
    pub(super) program: u32,
    pub(super) family: u8,
    pub(super) hook: u32,
    pub(super) priority: i32,
}

/// The numbers of the programs attached to `target` (a descriptor or an interface) at `attach_type`.
pub(super) fn query(target: u32, attach_type: u32) -> Result<Vec<u32>, Errno> {
    let mut capacity: u32 = 16;
    loop {
        let mut ids = vec![0_u32; usize::try_from(capacity).map_err(|_| Errno::NOMEM)?];
        let mut attributes = QueryAttributes {
            target,
            attach_type,
            query_flags: 0,
            attach_flags: 0,
            programs: ids.as_mut_ptr() as u64,
            program_count: capacity,
            padding: 0,
            program_attach_flags: 0,
            links: 0,
            link_attach_flags: 0,
            revision: 0,
        };
        // SAFETY: `programs` points to `program_count` numbers that outlive the call and that nothing else borrows; the other
        // pointers are null. The structure is as long as what the kernel writes of it.
        let result = unsafe { call(PROG_QUERY, &mut attributes) };
        match result {
            Ok(_) => {
                ids.truncate(usize::try_from(attributes.program_count).unwrap_or(usize::MAX));
                return Ok(ids);
            }
            Err(Errno::NOSPC) if attributes.program_count > capacity => capacity = attributes.program_count,
            Err(errno) => return Err(errno),
        }
    }
}

/// The number of the link after `id`; `ENOENT` after the last.
pub(super) fn next_link(id: u32) -> Result<u32, Errno> {
    let mut attributes = NumberAttributes { id, next_id: 0, open_flags: 0 };
    // SAFETY: these attributes hold no pointer.
    unsafe { call(LINK_GET_NEXT_ID, &mut attributes) }?;
    Ok(attributes.next_id)
}

/// A descriptor of the link of this number.
pub(super) fn link_by_id(id: u32) -> Result<OwnedFd, Errno> {
    // SAFETY: these attributes hold no pointer.
    unsafe { bpf(LINK_GET_FD_BY_ID, &NumberAttributes { id, next_id: 0, open_flags: 0 }) }
}

/// What the link is, if it is one to netfilter.
pub(super) fn netfilter_link(link: BorrowedFd<'_>) -> Result<Option<NetfilterLink>, Errno> {
    let mut info = LinkInfo::default();
    describe(link, &mut info)?;
    let LinkInfo { kind, program, family, hook, priority, .. } = info;
    let family = u8::try_from(family).unwrap_or(u8::MAX);
    Ok((kind == LINK_NETFILTER).then_some(NetfilterLink { program, family, hook, priority }))
}

/// The name of the program of this number.
pub(super) fn program_name(id: u32) -> Result<String, Errno> {
    let attributes = NumberAttributes { id, next_id: 0, open_flags: 0 };
    // SAFETY: these attributes hold no pointer.
    let program = unsafe { bpf(PROG_GET_FD_BY_ID, &attributes) }?;
    let mut info = ProgramInfo::default();
    describe(program.as_fd(), &mut info)?;
    let name = info.name.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(String::from_utf8_lossy(name).into_owned())
}

/// Fills `info`, of which every bit pattern is a value and every pointer null, with what the kernel says of the object.
fn describe<I: Description>(object: BorrowedFd<'_>, info: &mut I) -> Result<(), Errno> {
    let mut attributes = InfoAttributes {
        descriptor: number(object),
        length: u32::try_from(size_of::<I>()).map_err(|_| Errno::TOOBIG)?,
        info: std::ptr::from_mut(info) as u64,
    };
    // SAFETY: `info` points to `length` bytes that are borrowed mutably; any bytes are a value of the type.
    unsafe { call(OBJ_GET_INFO_BY_FD, &mut attributes) }.map(drop)
}

/// Structures of integers only, without padding.
trait Description {}
impl Description for LinkInfo {}
impl Description for ProgramInfo {}

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
/// `A` must be the attributes of `command`, without padding and of integers only; what its pointers point to must be valid
/// for the kernel's use during the call. `command` must not answer with a descriptor, which nobody would close.
unsafe fn call<A>(command: libc::c_long, attributes: &mut A) -> Result<i32, Errno> {
    // SAFETY: the kernel reads and writes `size_of::<A>()` bytes at `attributes`; the caller answers for pointers therein.
    let answer =
        unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_mut(attributes), size_of::<A>()) };
    match i32::try_from(answer) {
        Ok(value) if value >= 0 => Ok(value),
        _ => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)),
    }
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
        assert_eq!(offset_of!(QueryAttributes, programs), 16);
        assert_eq!(offset_of!(QueryAttributes, revision), 56);
        assert_eq!(offset_of!(InfoAttributes, info), 8);
        // The union of `struct bpf_link_info` is aligned to 8 bytes.
        assert_eq!((offset_of!(LinkInfo, family), offset_of!(LinkInfo, priority)), (16, 24));
        assert_eq!(offset_of!(ProgramInfo, name), 64);
    }
}
