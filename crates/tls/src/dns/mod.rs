//! Records of name servers that say something of a server's TLS: CAA (RFC 8659), TLSA (RFC 6698), HTTPS (RFC 9460).
//!
//! One resolver for a whole run. It trusts its name servers with DNSSEC: it does not validate, and passes on whether they say that they
//! did (the AD bit). Refuses to judge what the records say.

mod exchange;
mod record;
mod resolver;
mod stream;

pub use record::{Caa, Https, Tlsa};
pub use resolver::{Answer, Failure, Resolver};
pub use stream::{answers, by_stream};
