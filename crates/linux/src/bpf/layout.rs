//! Where the running kernel keeps what the program reads. Found from the iterator's own signature, so that each
//! structure is the one the kernel will hand over and not another of the same name.
//!
//! A wrong place could not do harm: the verifier checks every load against the same description.

use portreeve_wire::btf::{Btf, BtfError, Kind, TypeId};
use rustix::fs::{Mode, OFlags, fstat, open};
use rustix::io::Errno;

use super::BpfError;
use super::error::Missing;
use super::instruction::Width;

const KERNEL_TYPES: &str = "/sys/kernel/btf/vmlinux";
/// The function whose arguments are what the iterator hands to a program (`DEFINE_BPF_ITER_FUNC` in
/// `kernel/bpf/task_iter.c`).
const ITERATOR: &str = "bpf_iter_task_file";

/// A number in a kernel structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) offset: i16,
    pub(super) width: Width,
}

/// Byte offsets in the program's context and in the structures reached from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// The number of [`ITERATOR`] among the kernel's types.
    pub(super) iterator: u32,
    /// `struct bpf_iter_meta *`
    pub(super) context_meta: i16,
    /// `struct task_struct *`, or null in the call that ends a walk.
    pub(super) context_task: i16,
    /// `u32`
    pub(super) context_fd: i16,
    /// `struct file *`, or null in the call that ends a walk.
    pub(super) context_file: i16,
    /// `struct seq_file *`
    pub(super) meta_seq: i16,
    /// `struct inode *`
    pub(super) file_inode: i16,
    pub(super) inode_number: Number,
    /// `struct super_block *`
    pub(super) inode_superblock: i16,
    pub(super) superblock_magic: Number,
    /// The process, as user space counts.
    pub(super) task_tgid: Number,
    /// The thread, as user space counts.
    pub(super) task_pid: Number,
    /// `struct task_struct *`
    pub(super) task_leader: i16,
    /// Nanoseconds since boot.
    pub(super) task_started: Number,
}

impl Layout {
    /// Reads the running kernel's description of itself (about 6 MB).
    pub(super) fn of_running_kernel() -> Result<Self, BpfError> {
        let bytes = kernel_types().map_err(|errno| match errno {
            Errno::NOENT => BpfError::Unsupported(Missing::Btf),
            errno => BpfError::at(KERNEL_TYPES)(errno),
        })?;
        Self::find(&Btf::parse(&bytes)?)
    }

    fn find(btf: &Btf<'_>) -> Result<Self, BpfError> {
        let iterator = btf.find(Kind::Function, ITERATOR)?;
        let meta = btf.pointee(btf.parameter(iterator, "meta")?.type_id)?;
        let task = btf.pointee(btf.parameter(iterator, "task")?.type_id)?;
        let file = btf.pointee(btf.parameter(iterator, "file")?.type_id)?;
        let inode = target(btf, file, "f_inode")?;
        let superblock = target(btf, inode, "i_sb")?;
        let leader = target(btf, task, "group_leader")?;
        Ok(Self {
            iterator: iterator.0,
            context_meta: argument(btf, iterator, "meta")?,
            context_task: argument(btf, iterator, "task")?,
            context_fd: argument(btf, iterator, "fd")?,
            context_file: argument(btf, iterator, "file")?,
            meta_seq: offset(btf, meta, "seq")?,
            file_inode: offset(btf, file, "f_inode")?,
            inode_number: number(btf, inode, "i_ino")?,
            inode_superblock: offset(btf, inode, "i_sb")?,
            superblock_magic: number(btf, superblock, "s_magic")?,
            task_tgid: number(btf, task, "tgid")?,
            task_pid: number(btf, task, "pid")?,
            task_leader: offset(btf, task, "group_leader")?,
            task_started: number(btf, leader, "start_boottime")?,
        })
    }
}

/// A tracing program finds the arguments of its function in an array of 64-bit values (`btf_ctx_access` in
/// `kernel/bpf/btf.c`).
fn argument(btf: &Btf<'_>, function: TypeId, name: &str) -> Result<i16, BpfError> {
    let index = btf.parameter(function, name)?.index;
    distance(index.saturating_mul(8))
}

fn offset(btf: &Btf<'_>, structure: TypeId, name: &str) -> Result<i16, BpfError> {
    distance(btf.field(structure, name)?.offset)
}

fn target(btf: &Btf<'_>, structure: TypeId, name: &str) -> Result<TypeId, BtfError> {
    btf.pointee(btf.field(structure, name)?.type_id)
}

fn number(btf: &Btf<'_>, structure: TypeId, name: &str) -> Result<Number, BpfError> {
    let field = btf.field(structure, name)?;
    let size = btf.scalar_size(field.type_id)?;
    let width =
        Width::of_size(size).ok_or(BtfError::WrongKind { id: field.type_id, expected: Kind::Scalar })?;
    Ok(Number { offset: distance(field.offset)?, width })
}

fn distance(bytes: u32) -> Result<i16, BpfError> {
    i16::try_from(bytes).map_err(|_| BpfError::Unsupported(Missing::Distance))
}

/// The file's size is known, so that one allocation and few reads do.
fn kernel_types() -> Result<Vec<u8>, Errno> {
    let file = open(KERNEL_TYPES, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let size = usize::try_from(fstat(&file)?.st_size).unwrap_or(0);
    let mut bytes = Vec::with_capacity(size.saturating_add(1));
    loop {
        match rustix::io::read(&file, rustix::buffer::spare_capacity(&mut bytes)) {
            Ok(0) => return Ok(bytes),
            Ok(_) => bytes.reserve(4096),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}
