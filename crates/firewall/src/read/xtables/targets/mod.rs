//! Targets (`-j NAME`, `-g NAME`), each by the kernel's own rules.

mod dispatch;
mod nat;
mod rewrite;
mod set;
mod tracking;
mod verdict;

pub(super) use dispatch::statements;
