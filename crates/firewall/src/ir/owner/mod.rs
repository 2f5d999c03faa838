//! Who wrote a rule: products recognised by the names, comments and shapes that they leave in the kernel.
//!
//! It refuses to guess: rules without such a sign have no owner, among them everything that an administrator, `ferm` or
//! `/etc/nftables.conf` loads under names of their own.

mod attribute;
mod pattern;
mod product;
mod recognise;
mod shape;
mod table;

pub use attribute::attribute;
pub use product::Owner;
pub use recognise::{Context, RuleSigns, recognise};
