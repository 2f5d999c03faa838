//! The check the kernel makes before it accepts a program (`inet_diag_bc_audit`).

use super::op::{Code, OP_LEN, Op};
use crate::cursor::Cursor;

/// Why the kernel would refuse a program; it says EINVAL for all of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// No operation at all.
    #[error("the program is empty")]
    Empty,
    /// An operation or its argument is cut off.
    #[error("the operation at byte {0} is cut off")]
    Truncated(usize),
    /// A code the kernel does not know.
    #[error("the operation at byte {0} is unknown")]
    UnknownCode(usize),
    /// A host condition of another family, or with more bits than an address has.
    #[error("the host condition at byte {0} is malformed")]
    BadHost(usize),
    /// A jump backwards, too short, too far, odd, or into an operation.
    #[error("the operation at byte {0} jumps to a forbidden place")]
    BadJump(usize),
}

/// Whether the kernel would accept `program` from a sender with `CAP_NET_ADMIN`.
pub fn audit(program: &[u8]) -> Result<(), AuditError> {
    if program.len() < OP_LEN {
        return Err(AuditError::Empty);
    }
    let starts = starts(program);
    let mut at = 0;
    while at < program.len() {
        let rest = program.get(at..).unwrap_or_default();
        let op = Op::read(&mut Cursor::new(rest)).ok_or(AuditError::Truncated(at))?;
        let least = least_length(op.code, rest, at)?;
        let (yes, no) = (usize::from(op.yes), usize::from(op.no));
        let in_range =
            |jump: usize| jump >= least && jump <= rest.len() + OP_LEN && jump.is_multiple_of(OP_LEN);
        if op.code != Code::Nop {
            if !in_range(no) {
                return Err(AuditError::BadJump(at));
            }
            // Jumps to the end or past it leave the program and need no operation there.
            if no < rest.len() && starts.binary_search(&(at + no)).is_err() {
                return Err(AuditError::BadJump(at));
            }
        }
        if !in_range(yes) {
            return Err(AuditError::BadJump(at));
        }
        at += yes;
    }
    if at == program.len() { Ok(()) } else { Err(AuditError::Truncated(at)) }
}

/// Offsets reached from the start by following `yes`, in order (`valid_cc`).
fn starts(program: &[u8]) -> Vec<usize> {
    let mut starts = vec![0];
    let mut at = 0;
    while let Some(op) = program.get(at..).and_then(|rest| Op::read(&mut Cursor::new(rest))) {
        let yes = usize::from(op.yes);
        if yes < OP_LEN || !yes.is_multiple_of(OP_LEN) {
            break;
        }
        at += yes;
        starts.push(at);
    }
    starts
}

/// Bytes of the operation with its argument.
fn least_length(code: Code, rest: &[u8], at: usize) -> Result<usize, AuditError> {
    let argument = match code {
        Code::Nop | Code::Jump | Code::Auto => 0,
        Code::SourceGe
        | Code::SourceLe
        | Code::SourceEq
        | Code::DestinationGe
        | Code::DestinationLe
        | Code::DestinationEq
        | Code::DeviceCond => 4,
        Code::MarkCond | Code::CgroupCond => 8,
        Code::SourceCond | Code::DestinationCond => {
            let (Some(&family), Some(&prefix)) = (rest.get(OP_LEN), rest.get(OP_LEN + 1)) else {
                return Err(AuditError::Truncated(at));
            };
            let address = match family {
                0 => 0_usize,
                2 => 4,
                10 => 16,
                _ => return Err(AuditError::BadHost(at)),
            };
            if usize::from(prefix) > 8 * address {
                return Err(AuditError::BadHost(at));
            }
            8 + address
        }
        Code::Unknown(_) => return Err(AuditError::UnknownCode(at)),
    };
    let length = OP_LEN + argument;
    if rest.len() < length { Err(AuditError::Truncated(at)) } else { Ok(length) }
}
