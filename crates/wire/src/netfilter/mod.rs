//! Netfilter over netlink (nfnetlink): the registered hooks, the generation of the ruleset, packet traces, connections.

pub mod conntrack;
mod generation;
mod header;
mod hook;
mod rule;
pub mod trace;

pub use generation::{Generation, NFT_MSG_NEWGEN, generation_request};
pub use header::NfHeader;
pub use hook::{Hook, HookChain, HookType, NFNL_MSG_HOOK_GET, dump_hooks};
pub use rule::{Bytes, Load, NFT_MSG_NEWRULE, RuleOutline, Subject, dump_rules};
