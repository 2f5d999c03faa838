//! What `reach assert` is told: `SOURCE can|cannot reach TARGET [via INTERFACE]`, as text and as parsed.
//!
//! Owns the language and the places of its errors. Refuses to know networks: which names there are is asked later, and an error
//! about a name stands at the name's place too.

mod error;
mod parse;
mod said;
#[cfg(test)]
mod tests;
mod word;

pub use error::{ClaimError, EXAMPLES};
pub use parse::parse;
pub use said::{Claim, Modal, Party, Service, Spoken, Target};
