//! What a server of TLS 1.3 says encrypted in its first flight: certificates, a staple, timestamps, and how it signs (RFC 8446, 4.3, 4.4).
//!
//! Rides on connections that ask something else: a hello without a key share is answered by a retry that names a group, and the second
//! hello brings a key of that group ([`SecondHello`]). Nothing is proven to the server, which is left without a `Finished`.

mod flight;
mod hello;
mod schedule;

pub use flight::SealedFlight;
pub use hello::SecondHello;
