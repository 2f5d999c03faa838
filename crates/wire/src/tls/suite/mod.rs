//! Cipher suites: two bytes that say how keys are agreed on, who proves what, and how records are protected.

mod identity;
mod names;
mod openssl;
mod properties;

pub use identity::{Suite, Usage};
pub use properties::{Authentication, Cipher, Encryption, KeyExchange, Mac, Mode};
