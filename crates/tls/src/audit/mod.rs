//! One endpoint, audited: what can be agreed on, what the server does beside, which attacks it is open to, its certificates.
//!
//! [`Scene`] is what every check gets: the line to the server, how to greet it, and what is known already.

mod endpoint;
mod findings;
mod greeting;
mod known;
mod modern;
mod negotiation;
mod run;
mod scene;

pub use endpoint::Endpoint;
pub(crate) use greeting::{GROUPS, SIGNATURES, random};
pub use greeting::{Greeting, Manner};
pub use known::{Known, KnownVersion};
pub use run::audit;
pub use scene::{Options, Scene};
