//! The one representation of what filters packets, whoever wrote it and in whichever language.
//!
//! It is declarative: chains, rules and sets as the kernel orders them, matches over named fields. It refuses to evaluate anything
//! (`crate::simulate` does) and to read anything (`crate::read` does). What a reader did not understand stays in its place as
//! [`Statement::Unknown`] or [`Expression::Unknown`].

mod chain;
mod expression;
mod field;
mod hook;
pub mod owner;
mod rule;
mod ruleset;
mod set;
mod statement;

pub use chain::{Base, Chain, ChainId, ChainKind, Policy};
pub use expression::{Comparison, Condition, Expression, Interval, MapPart, Operator};
pub use field::{
    ConntrackKey, Direction, FibAddress, FibField, FibResult, Field, LimitInterface, Meta, Payload,
    PayloadBase, PhysdevKey, RouteKey, SocketKey, name_number, name_prefix,
};
pub use hook::{Backend, Family, Hook, Version, priority};
pub use rule::{Counters, Origin, Rule};
pub use ruleset::{Flowtable, Ruleset, Table, Unread};
pub use set::{Data, DataKind, Element, Key, Set, SetId};
pub use statement::{
    Nat, NatKind, Passive, RejectKind, SetOperation, StateKind, StateTest, Statement, Verdict, Writable,
};
