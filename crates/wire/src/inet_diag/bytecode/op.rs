//! `struct inet_diag_bc_op` and the operation codes.

use crate::{cursor::Cursor, wire_enum};

wire_enum! {
    /// `INET_DIAG_BC_*`.
    pub enum Code: u8 {
        /// Always yes.
        Nop = 0 => "nop",
        /// Always no.
        Jump = 1 => "jmp",
        /// Source port at least.
        SourceGe = 2 => "s_ge",
        /// Source port at most.
        SourceLe = 3 => "s_le",
        /// Destination port at least.
        DestinationGe = 4 => "d_ge",
        /// Destination port at most.
        DestinationLe = 5 => "d_le",
        /// Port was chosen by the kernel.
        Auto = 6 => "auto",
        /// Source address prefix and port.
        SourceCond = 7 => "s_cond",
        /// Destination address prefix and port.
        DestinationCond = 8 => "d_cond",
        /// Interface index.
        DeviceCond = 9 => "dev_cond",
        /// Mark and mask.
        MarkCond = 10 => "mark_cond",
        /// Source port equal.
        SourceEq = 11 => "s_eq",
        /// Destination port equal.
        DestinationEq = 12 => "d_eq",
        /// Cgroup id.
        CgroupCond = 13 => "cgroup_cond",
    }
}

/// Bytes of `struct inet_diag_bc_op`.
pub(super) const OP_LEN: usize = 4;

/// One operation: go `yes` bytes ahead if it holds, `no` bytes otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Op {
    pub(super) code: Code,
    pub(super) yes: u8,
    pub(super) no: u16,
}

impl Op {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        Some(Self { code: Code::from(cursor.u8()?), yes: cursor.u8()?, no: cursor.u16()? })
    }
}
