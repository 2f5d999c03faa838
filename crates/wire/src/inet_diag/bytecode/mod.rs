//! The kernel's filter language for dumps (`INET_DIAG_REQ_BYTECODE`, `net/ipv4/inet_diag.c`).
//!
//! A [`Condition`] is what a user asks; [`Program::assemble`] turns it into bytes; [`audit`] repeats the check the
//! kernel makes before it accepts them; [`run`] repeats what the kernel does with them. The last two exist so that
//! tests can prove the assembler right for all conditions, not to filter with.

mod assemble;
mod audit;
mod condition;
mod op;
mod run;

pub use assemble::{AssembleError, MAX_DEPTH, Program};
pub use audit::{AuditError, audit};
pub use condition::{Atom, Condition, Prefix, Side, SocketKey};
pub use op::Code;
pub use run::run;
