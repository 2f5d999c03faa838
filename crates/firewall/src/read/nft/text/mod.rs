//! Rules in the language of `nft`, as `nft list ruleset` prints them: close enough to be read and to be pasted.
//!
//! Rendered from the JSON, so that what was not understood has its text too. It refuses nothing: what it does not know it prints as
//! JSON.

mod statement;
mod value;

pub(super) use statement::{matching, named, rule, statement};
pub(super) use value::{expression, payload};
