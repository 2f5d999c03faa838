//! HTTP over the session that an audit has anyway: one question, its headers, and what they say of TLS.
//!
//! Owns the request for `/`, the answer's headers, and the judgement of HSTS. Refuses every other path, and of
//! a body everything but its length.

mod answer;
mod ask;
mod body;
mod findings;
mod hsts;
mod port80;

pub use answer::{Answer, read_answer};
pub use ask::{NoAnswer, ask};
pub(crate) use body::{WORTH_COMPRESSING, is_page};
pub use findings::{findings, open_question};
pub(crate) use findings::{is_error, unanswered};
pub use hsts::{Hsts, LONG_ENOUGH};
pub use port80::{Plain, Port80, Reply, ask_plain};

/// The feature that says whether port 80 sends visitors to HTTPS.
pub const REDIRECT: &str = "http-redirect";
