//! Listings of `nft -j list ruleset` into [`crate::ir`], as the kernel runs them.
//!
//! Pure: runs no program and opens no file. What `nft` leaves out of a listing because it follows from the rest (the protocol of a
//! header field, the type of an ICMP message) is put back. What is not understood stays in its place as `Unknown` with its text;
//! only a text that is no listing at all is an error. Sources named in comments without a path in the kernel are those of nftables.

mod chain;
mod constant;
mod document;
mod element;
mod error;
mod expression;
mod header;
mod kind;
mod listing;
mod loops;
mod matching;
mod nat;
mod node;
mod option;
mod printed;
mod reader;
mod scope;
mod set;
mod statement;
mod supplement;
mod symbols;
#[cfg(test)]
mod tests;
mod text;
mod verdict;

pub use error::NftError;
pub use reader::{LIST_ARGUMENTS, LIST_ARGUMENTS_BEFORE_0_9_2, read, read_with};
pub use supplement::questions;
