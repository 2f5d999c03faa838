//! The program that the kernel runs for each descriptor: it compares one number and, for sockets and namespaces,
//! writes a record. It reads only, and the kernel's verifier has proved so before it first runs.
//!
//! In C, where `ctx` is `struct bpf_iter__task_file`:
//! ```c
//! if (!ctx->task || !ctx->file)                          /* the call that ends a walk */
//!         return 0;
//! switch (ctx->file->f_inode->i_sb->s_magic) {
//! case SOCKFS_MAGIC: record.kind = SOCKET;    break;
//! case NSFS_MAGIC:   record.kind = NAMESPACE; break;
//! default:           return 0;
//! }
//! record.process = ctx->task->tgid;    record.thread = ctx->task->pid;
//! record.descriptor = ctx->fd;         record.inode = ctx->file->f_inode->i_ino;
//! record.started = ctx->task->group_leader->start_boottime;
//! bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
//! return 0;
//! ```
//! The file system decides and not the file's mode: a socket's name in the file system, opened with `O_PATH`, has
//! the mode of a socket and is none.
//!
//! This program (and nothing else of the project) is offered under MIT or GPL-2.0: `bpf_seq_write` may only be called
//! by programs that say so.

use super::instruction::{Assembler, Instruction, Place, Register, Width};
use super::layout::{Layout, Number};
use super::record::{
    DESCRIPTOR_AT, INODE_AT, KIND_AT, NAMESPACE, PROCESS_AT, RECORD_LENGTH, SOCKET, STARTED_AT, THREAD_AT,
};

/// What the program declares to the kernel; see above.
pub(super) const LICENSE: &std::ffi::CStr = c"Dual MIT/GPL";

/// `SOCKFS_MAGIC`, `include/uapi/linux/magic.h`.
const SOCKFS: i32 = 0x534f_434b;
/// `NSFS_MAGIC`, same file.
const NSFS: i32 = 0x6e73_6673;
/// `BPF_FUNC_seq_write`, `include/uapi/linux/bpf.h`.
const SEQ_WRITE: i32 = 127;
/// The record is built at the end of the stack.
const RECORD_ON_STACK: i16 = -RECORD_LENGTH;

/// The program for a kernel with this layout.
pub(super) fn assemble(layout: &Layout) -> Vec<Instruction> {
    use Register::{Frame, R0, R1, R2, R3, R6, R7, R8};
    let mut code = Assembler::default();

    // R6 = ctx, R7 = ctx->task, R8 = ctx->file; the verifier demands the two comparisons.
    code.copy(R6, R1);
    code.load(Width::Double, R7, Place(R6, layout.context_task));
    let no_task = code.jump_if_equal(R7, 0);
    code.load(Width::Double, R8, Place(R6, layout.context_file));
    let no_file = code.jump_if_equal(R8, 0);

    // R8 = file->f_inode, R1 = inode->i_sb->s_magic. A null or dangling pointer on the way reads as 0: such loads
    // have an entry in the kernel's exception table.
    code.load(Width::Double, R8, Place(R8, layout.file_inode));
    code.load(Width::Double, R1, Place(R8, layout.inode_superblock));
    code.load(layout.superblock_magic.width, R1, Place(R1, layout.superblock_magic.offset));

    let socket = code.jump_if_equal(R1, SOCKFS);
    let neither = code.jump_unless_equal(R1, NSFS);
    code.store_value(Width::Word, record(KIND_AT), NAMESPACE);
    let kind_known = code.jump();
    code.land([socket]);
    code.store_value(Width::Word, record(KIND_AT), SOCKET);
    code.land([kind_known]);

    copy_number(&mut code, Width::Word, PROCESS_AT, R7, layout.task_tgid);
    copy_number(&mut code, Width::Word, THREAD_AT, R7, layout.task_pid);
    copy_number(
        &mut code,
        Width::Word,
        DESCRIPTOR_AT,
        R6,
        Number { offset: layout.context_fd, width: Width::Word },
    );
    copy_number(&mut code, Width::Double, INODE_AT, R8, layout.inode_number);
    // The leader of a thread's group cannot be gone while the thread is there.
    code.load(Width::Double, R7, Place(R7, layout.task_leader));
    copy_number(&mut code, Width::Double, STARTED_AT, R7, layout.task_started);

    // bpf_seq_write(ctx->meta->seq, record, sizeof(record)). When it does not fit, the kernel drops what was
    // written for this descriptor and calls again with the next buffer.
    code.load(Width::Double, R1, Place(R6, layout.context_meta));
    code.load(Width::Double, R1, Place(R1, layout.meta_seq));
    code.copy(R2, Frame);
    code.add(R2, i32::from(RECORD_ON_STACK));
    code.set(R3, i32::from(RECORD_LENGTH));
    code.call(SEQ_WRITE);

    // 0: go on. (1 would ask for the same descriptor again.)
    code.land([no_task, no_file, neither]);
    code.set(R0, 0);
    code.exit();
    code.finish()
}

/// `record[at] = *from`; a narrower number is widened with zeros.
fn copy_number(code: &mut Assembler, width: Width, at: i16, base: Register, from: Number) {
    code.load(from.width, Register::R1, Place(base, from.offset));
    code.store(width, record(at), Register::R1);
}

const fn record(at: i16) -> Place {
    Place(Register::Frame, RECORD_ON_STACK + at)
}
